"""The real Jinja2, set up as Salt sets it up: sandboxed, strict, with `do` and `loopcontrols`."""
import jinja2
import jinja2.sandbox

from encode import decode


def render(case):
    templates = case["templates"]
    options = dict(case.get("syntax") or {})
    if not case.get("lenient"):
        options["undefined"] = jinja2.StrictUndefined
    env = jinja2.sandbox.SandboxedEnvironment(
        loader=jinja2.DictLoader(templates),
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols"],
        **options,
    )
    try:
        template = env.get_template("main")
        return {"text": template.render({k: decode(v) for k, v in (case.get("context") or {}).items()})}
    except jinja2.TemplateSyntaxError as error:
        return {"type": "TemplateSyntaxError", "message": error.message, "line": error.lineno, "file": error.name}
    except RecursionError:
        return {"type": "RecursionError", "message": ""}
    except Exception as error:
        return {"type": type(error).__name__, "message": str(error)}


OPS = {
    "jinja.render": render,
    "jinja.render_all": lambda request: [render(case) for case in request["cases"]],
}
