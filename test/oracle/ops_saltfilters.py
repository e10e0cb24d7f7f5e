"""Salt's own filters and tests, in the environment that salt.utils.templates makes."""
import jinja2
import jinja2.ext
import jinja2.sandbox

import salt.config
import salt.utils.data
import salt.utils.jinja
import salt.utils.templates  # noqa: F401 - importing it registers the filters
from salt.utils.decorators.jinja import JinjaFilter, JinjaTest

import ops_semantics

ENVIRONMENT = jinja2.sandbox.SandboxedEnvironment(
    undefined=jinja2.StrictUndefined,
    extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", salt.utils.jinja.SerializerExtension],
)
INDENT = ENVIRONMENT.filters["indent"]
ENVIRONMENT.tests.update(JinjaTest.salt_jinja_tests)
ENVIRONMENT.filters.update(JinjaFilter.salt_jinja_filters)
ENVIRONMENT.filters["indent"] = INDENT
ENVIRONMENT.tests["list"] = salt.utils.data.is_list
CONTEXT = ENVIRONMENT.from_string("").new_context({})


def run(request):
    answers = []
    for case in request["cases"]:
        try:
            args = [ops_semantics.decode(item) for item in case.get("args", [])]
            kwargs = {key: ops_semantics.decode(item) for key, item in case.get("kwargs", {}).items()}
            call = ENVIRONMENT.call_test if case["kind"] == "test" else ENVIRONMENT.call_filter
            result = call(case["name"], args[0], args[1:], kwargs, context=CONTEXT)
            answers.append({"ok": ops_semantics.encode(result)})
        except Exception as error:  # noqa: B902 - the answer is what Salt raised
            answers.append({"error": [type(error).__name__, str(error)]})
    return answers


def names(request):
    jinja = jinja2.sandbox.SandboxedEnvironment()
    return {
        "filters": sorted(set(ENVIRONMENT.filters) - set(jinja.filters) | set(JinjaFilter.salt_jinja_filters)),
        "tests": sorted(set(JinjaTest.salt_jinja_tests) | {"list"}),
    }


OPS = {"saltfilters.run": run, "saltfilters.names": names}
