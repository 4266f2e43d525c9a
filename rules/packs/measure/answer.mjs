// The process that loads a release and answers: what tables does this configuration need, what do the modules export?

import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = process.argv[2];
const { default: load } = await import(pathToFileURL(join(folder, "import.mjs")));
const questions = { schema, exports };

process.once("message", async ({ question, about }) => {
  const answer = await questions[question](about);
  process.send(answer, () => process.exit());
});

/** The tables of a configuration, or why the library refuses it. */
async function schema(configuration) {
  const { getAuthTables } = await load("better-auth/db");
  try {
    return { tables: tables(getAuthTables(await options(configuration))) };
  } catch (error) {
    return { error: error.message.split("\n")[0] };
  }
}

async function options({ plugins = [], options = {} }) {
  const made = [];
  for (const { name, module, options } of plugins) {
    const exports = await load(module);
    made.push(exports[name](options == null ? undefined : await revived(options)));
  }
  return { ...(await revived(options)), plugins: made };
}

/** Puts what JSON cannot express in the place of its names. */
async function revived(value) {
  if (value === "$fn") return async () => ({});
  if (value === "$store") return { get: async () => null, set: async () => {}, delete: async () => {} };
  if (value === "$ac") return (await load("better-auth/plugins/access")).createAccessControl({ project: ["create"] });
  if (Array.isArray(value)) return Promise.all(value.map(revived));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(await Promise.all(Object.entries(value).map(async ([key, inner]) => [key, await revived(inner)])));
}

/** Tables in the notation of the fixture, with the defaults of all columns. */
function tables(computed) {
  // Some releases write the name of a renamed table into a foreign key, others its logical key.
  const keyOf = (model) => (computed[model] ? model : Object.keys(computed).find((key) => computed[key].modelName === model) ?? model);
  const table = ({ modelName, fields, indexes = [] }) => {
    const single = (name, unique) =>
      indexes.some((index) => index.fields.length === 1 && index.fields[0] === name && Boolean(index.unique) === unique);
    const columns = Object.entries(fields).map(([name, field]) => {
      const unique = field.unique || single(name, true);
      const index = field.index || single(name, false);
      return [name, words(name, { ...field, unique, index }, keyOf)];
    });
    const keys = indexes.filter((index) => index.fields.length > 1).map((index) => (index.unique ? ["unique", ...index.fields] : index.fields).join(" "));
    return { modelName, columns: Object.fromEntries(columns), ...(keys.length > 0 && { keys }) };
  };
  return Object.fromEntries(Object.entries(computed).map(([key, value]) => [key, table(value)]));
}

function words(name, field, keyOf) {
  const { type, fieldName, references, defaultValue } = field;
  const words = [Array.isArray(type) ? "string" : field.bigint && type === "number" ? "bigint" : type];
  if (field.required !== false) words.push("required");
  if (field.unique) words.push("unique");
  if (field.index) words.push("index");
  if (fieldName && fieldName !== name) words.push(`column=${fieldName}`);
  if (references) {
    words.push(`->${keyOf(references.model)}.${references.field}`);
    // The library's own generators and migrations cascade where a schema says nothing.
    if ((references.onDelete ?? "cascade") !== "cascade") words.push("no-cascade");
  }
  if (typeof defaultValue === "function" && ["date", "number"].includes(type)) words.push("default=now");
  else if (defaultValue != null && typeof defaultValue !== "function") words.push(`default=${JSON.stringify(defaultValue)}`);
  return words.join(" ");
}

/** The functions that every module of the installed packages exports; modules that cannot be loaded here are left out. */
async function exports() {
  const scoped = await readdir(join(folder, "node_modules/@better-auth"));
  const found = {};
  for (const name of ["better-auth", ...scoped.map((name) => `@better-auth/${name}`)]) {
    const manifest = JSON.parse(await readFile(join(folder, "node_modules", name, "package.json"), "utf8"));
    for (const subpath of Object.keys(manifest.exports ?? { ".": "" }).filter((subpath) => !/[*]|\.json$/.test(subpath))) {
      const module = name + subpath.slice(1);
      try {
        const exports = await load(module);
        found[module] = Object.keys(exports).filter((name) => typeof exports[name] === "function").sort();
      } catch {
        // It needs a framework that is not installed.
      }
    }
  }
  return found;
}
