import {
  int,
  isIntLike,
  PyDict,
  PyError,
  PyFloat,
  PyObject,
  PyTuple,
  repr,
  str,
  truthy,
  typeName,
  type Kwargs,
  type Value,
} from "../../python/index.ts";
import type { Call, ModuleFunction, ModuleTable } from "./types.ts";

/** Salt's version, which `test.version` and the release names are held against. */
const VERSION = "3007.1";

const constant = (value: Value, pythonName?: string): ModuleFunction => ({
  signature: "",
  ...(pythonName === undefined ? {} : { pythonName }),
  run: () => value,
});

const same = (parameter: string): ModuleFunction => ({ signature: parameter, run: (_context, [value = null]) => value });

const compared = (holds: (order: number) => boolean): ModuleFunction => ({
  signature: "name",
  run: (_context, [name = null]) => {
    const release = releaseNumber(name);
    return release !== null && holds(Math.sign(Number.parseInt(VERSION, 10) - Number.parseInt(release, 10)));
  },
});

/** `test.*` as far as it is pure (salt/modules/test.py, 3007.1); `call` reaches the other modules. */
export function testModule(call: Call): ModuleTable {
  return {
    ping: constant(true),
    true: constant(true, "true_"),
    false: constant(false, "false_"),
    version: constant(VERSION),
    echo: same("text"),
    outputter: same("data"),
    retcode: { signature: "code?", run: () => true },
    tty: { signature: "*args **kwargs", run: () => "ERROR: This function has been moved to cmd.tty" },
    arg: {
      signature: "*args **kwargs",
      run: (_context, _values, { args, kwargs }) => PyDict.from({ args: new PyTuple(args), kwargs: dictOf(kwargs) }),
    },
    arg_clean: {
      signature: "*args **kwargs",
      run: (_context, _values, { args, kwargs }) =>
        PyDict.from({ args: new PyTuple(args), kwargs: dictOf(new Map([...kwargs].filter(([name]) => !name.startsWith("__")))) }),
    },
    arg_repr: {
      signature: "*args **kwargs",
      run: (_context, _values, { args, kwargs }) => PyDict.from({ args: repr(new PyTuple(args)), kwargs: repr(dictOf(kwargs)) }),
    },
    arg_type: {
      signature: "*args **kwargs",
      run: (_context, _values, { args, kwargs }) =>
        PyDict.from({ args: args.map(className), kwargs: dictOf(new Map([...kwargs].map(([name, value]) => [name, className(value)]))) }),
    },
    kwarg: { signature: "**kwargs", run: (_context, _values, { kwargs }) => dictOf(kwargs) },
    attr_call: { signature: "", run: (context) => call(context, "grains.items", [], new Map()) },
    conf_test: { signature: "", run: (context) => call(context, "config.option", ["test.foo"], new Map()) },
    get_opts: { signature: "", run: ({ minion }) => minion.opts },
    opts_pkg: {
      signature: "",
      run: ({ minion }) => {
        const all = minion.opts.copy();
        all.set("grains", minion.grains);
        return all;
      },
    },
    cross_test: {
      signature: "func args?",
      run: (context, [name = null, args = null]) => call(context, str(name), Array.isArray(args) ? args : [], new Map()),
    },
    exception: {
      signature: "message?",
      run: (_context, [message = "Test Exception"]) => {
        throw new PyError("Exception", str(message));
      },
    },
    assertion: {
      signature: "assertion",
      run: (_context, [assertion = null]) => {
        if (!truthy(assertion)) throw new PyError("AssertionError", "");
        return null;
      },
    },
    try: {
      signature: "module return_try_exception? **kwargs",
      pythonName: "try_",
      run: (context, [name = null, wanted = false], { kwargs }) => {
        try {
          return call(context, str(name), [], kwargs);
        } catch (error) {
          if (!(error instanceof PyError) || error.type === "ImpureError") throw error;
          return truthy(wanted) ? error.message : null;
        }
      },
    },
    raise_exception: {
      signature: "name *args **kwargs",
      run: (_context, [name = null], { args }) => {
        throw new PyError(str(name).replace(/^salt\.exceptions\./, ""), args.map(str).join(", "));
      },
    },
  };
}

/** `salt_version.*` (salt/modules/salt_version.py, 3007.1): release names against 3007. */
export function saltVersionModule(): ModuleTable {
  return {
    get_release_number: {
      signature: "name",
      run: (_context, [name = null]) => releaseNumber(name),
    },
    equal: compared((order) => order === 0),
    greater_than: compared((order) => order > 0),
    less_than: compared((order) => order < 0),
  };
}

/** Releases named after elements, from 3000 on, each one number further (salt/version.py). */
const NAMES_FROM_3000 =
  "neon sodium magnesium aluminium silicon phosphorus sulfur chlorine argon potassium calcium scandium titanium vanadium " +
  "chromium manganese iron cobalt nickel copper zinc gallium germanium arsenic selenium bromine krypton rubidium strontium " +
  "yttrium zirconium niobium molybdenum technetium ruthenium rhodium palladium silver cadmium indium tin antimony tellurium " +
  "iodine xenon cesium barium lanthanum cerium praseodymium neodymium promethium samarium europium gadolinium terbium " +
  "dysprosium holmium erbium thulium ytterbium lutetium hafnium tantalum tungsten rhenium osmium iridium platinum gold " +
  "mercury thallium lead bismuth polonium astatine radon francium radium actinium thorium protactinium uranium neptunium " +
  "plutonium americium curium berkelium californium einsteinium fermium mendelevium nobelium lawrencium rutherfordium " +
  "dubnium seaborgium bohrium hassium meitnerium darmstadtium roentgenium copernicium nihonium flerovium moscovium " +
  "livermorium tennessine oganesson";

/** Releases before that, which carried a year and a month. */
const OLDER: Readonly<Record<string, string>> = {
  hydrogen: "2014.1",
  helium: "2014.7",
  lithium: "2015.5",
  beryllium: "2015.8",
  boron: "2016.3",
  carbon: "2016.11",
  nitrogen: "2017.7",
  oxygen: "2018.3",
  fluorine: "2019.2",
};

function releaseNumber(name: Value): string | null {
  if (typeof name !== "string") throw new PyError("CommandExecutionError", "'name' argument must be a string");
  const key = name.toLowerCase();
  if (Object.hasOwn(OLDER, key)) return OLDER[key] ?? null;
  const index = NAMES_FROM_3000.split(" ").indexOf(key);
  return index < 0 ? null : String(3000 + index);
}

function dictOf(kwargs: Kwargs): PyDict {
  return PyDict.of(kwargs);
}

/** `str(type(x))`. */
function className(value: Value): string {
  if (isIntLike(value) || !(value instanceof PyObject) || value instanceof PyFloat)
    return `<class '${typeName(typeof value === "bigint" ? int(value) : value)}'>`;
  return value.typeName === "OrderedDict" ? "<class 'collections.OrderedDict'>" : `<class '${value.typeName}'>`;
}
