// Measures releases of better-auth and rewrites the fixtures of tests/knowledge.rs; prints what changed.
//
//   node measure.mjs [RELEASE...]

import { readFile, readdir, writeFile } from "node:fs/promises";
import { exports, schemas } from "./ask.mjs";
import { cases } from "./cases.mjs";
import { compare, minor, newestOfEachMinor, published } from "./install.mjs";

const FIXTURES = new URL("../../../tests/fixtures/measured/", import.meta.url);
const PLUGINS = new URL("../better-auth/plugins/", import.meta.url);
const NOT_THERE = "not available";

const before = JSON.parse(await readFile(new URL("schemas.json", FIXTURES), "utf8"));
const wanted = [...before.versions, ...newestOfEachMinor(await published("better-auth")), ...process.argv.slice(2)];
const releases = [...new Set(wanted)].sort(compare);
const newest = releases.at(-1);

const answers = {};
const exported = {};
for (const release of releases) {
  process.stderr.write(`measuring ${release}\n`);
  exported[release] = await exports(release);
  answers[release] = await answersOf(release, homes(exported[release]));
}
await writeFile(new URL("schemas.json", FIXTURES), schemasText());
await writeFile(new URL("exports.json", FIXTURES), await exportsText());
report();

/** The answer to every case: the tables it adds to the core ones of the release, or why there are none. */
async function answersOf(release, homes) {
  const names = Object.keys(cases);
  const located = (plugin) => ({ ...plugin, module: homes(plugin.name) });
  const configurations = names.map((name) => ({ options: cases[name].options, plugins: (cases[name].plugins ?? []).map(located) }));
  const askable = configurations.filter(({ plugins }) => plugins.every(({ module }) => module));
  const found = new Map((await schemas(release, askable)).map((answer, place) => [askable[place], answer]));
  const core = found.get(configurations[names.indexOf("core")]).tables;
  const answer = (configuration, name) => {
    const { tables, error } = found.get(configuration) ?? { error: NOT_THERE };
    if (error) return { error };
    const from = Object.fromEntries(configuration.plugins.map(({ name, module }) => [name, module]));
    const added = name === "core" ? { tables: additions(tables, {}) } : { ...absent(tables, core), tables: additions(tables, core) };
    return { ...(configuration.plugins.length > 0 && { from }), ...added };
  };
  return Object.fromEntries(names.map((name, place) => [name, answer(configurations[place], name)]));
}

/** Where a release has a plugin: the first module that exports it, companion packages before better-auth itself. */
function homes(exported) {
  const weight = (module) => (module.startsWith("@") ? 0 : module === "better-auth/plugins" ? 1 : 2);
  const modules = Object.keys(exported).sort((left, right) => weight(left) - weight(right));
  return (name) => modules.find((module) => exported[module].includes(name));
}

function absent(tables, core) {
  const absent = Object.keys(core).filter((key) => !tables[key]);
  return absent.length > 0 && { absent };
}

function additions(tables, core) {
  const added = {};
  for (const [key, { modelName, columns, keys }] of Object.entries(tables)) {
    const known = core[key] ?? { modelName: key, columns: {} };
    const different = Object.entries(columns).filter(([name, words]) => known.columns[name] !== words);
    const table = {
      ...(modelName !== known.modelName && { modelName }),
      columns: Object.fromEntries(different),
      ...(JSON.stringify(keys) !== JSON.stringify(known.keys) && { keys }),
    };
    if (!core[key] || different.length > 0 || Object.keys(table).length > 1) added[key] = table;
  }
  return added;
}

/** Every case with its answers; a release that answers as the one before it is left out. */
function schemasText() {
  const line = (name) => {
    const measured = [];
    for (const release of releases) {
      const answer = JSON.stringify(answers[release][name], release === newest ? undefined : withoutDefaults);
      if (measured.at(-1)?.answer !== answer) measured.push({ release, answer });
    }
    const segments = measured.map(({ release, answer }) => ({ since: release, ...JSON.parse(answer) }));
    return `${JSON.stringify(name)}: ${JSON.stringify({ ...cases[name], measured: segments })}`;
  };
  const lines = Object.keys(cases).map(line);
  return `{"versions": ${JSON.stringify(releases)},\n "cases": {\n${lines.join(",\n")}\n}}\n`;
}

function withoutDefaults(_, value) {
  return typeof value === "string" ? value.replace(/ default=.*/, "") : value;
}

/** For the newest release of each minor, what its modules export of what the packs name. */
async function exportsText() {
  const texts = await Promise.all((await readdir(PLUGINS)).map((file) => readFile(new URL(file, PLUGINS), "utf8")));
  // Packages of others may use the names of social providers.
  const stated = texts.filter((text) => /\bmodule = "@?better-auth\//.test(text)).join("\n");
  const all = (pattern) => new Set([...stated.matchAll(pattern)].map(([, found]) => found));
  const modules = all(/\bmodule = "([^"]+)"/g);
  const names = all(/(?:^name +=|\bmodule = .*\bname =) "([^"]+)"/gm);
  const releaseText = (release) => {
    const lines = Object.entries(exported[release]).flatMap(([module, exports]) => {
      const known = exports.filter((name) => names.has(name));
      return known.length > 0 || modules.has(module) ? [`  ${JSON.stringify(module)}: ${JSON.stringify(known)}`] : [];
    });
    return ` ${JSON.stringify(release)}: {\n${lines.join(",\n")}\n }`;
  };
  return `{\n${newestOfEachMinor(releases).map(releaseText).join(",\n")}\n}\n`;
}

/** Prints what is different from the file before; of a new release, what is different from the release before it. */
function report() {
  const past = expandBefore();
  for (const [place, release] of releases.entries()) {
    const [base, against] = past[release] ? [past[release], "the file before"] : [answers[releases[place - 1]], releases[place - 1]];
    const changes = new Map();
    const note = (change, name) => changes.set(change, [...(changes.get(change) ?? []), name]);
    for (const [name, answer] of Object.entries(answers[release])) {
      // A case may have got another name; one that is new has nothing to be compared with.
      const old = base[past[release] ? JSON.stringify(cases[name]) : name];
      if (old) differences(flat(old), flat(answer)).forEach((change) => note(change, name));
    }
    console.log(`${release} against ${against}: ${changes.size === 0 ? "no change" : ""}`);
    for (const [change, names] of changes) console.log(`  ${change}  (${names.length > 4 ? `${names.length} cases` : names.join("; ")})`);
    if (!past[release]) newExports(release, releases[place - 1]);
  }
}

/** The answers of the file before, by release and by configuration. */
function expandBefore() {
  const expanded = {};
  for (const [place, release] of before.versions.entries()) {
    expanded[release] = {};
    for (const { measured, ...configuration } of Object.values(before.cases)) {
      const segment = measured.findLast(({ since }) => before.versions.indexOf(since) <= place);
      expanded[release][JSON.stringify(configuration)] = segment;
    }
  }
  return expanded;
}

/** An answer as one entry for each thing it says, without defaults. */
function flat({ error, from = {}, absent = [], tables = {} }) {
  const said = new Map(error ? [["error", error]] : []);
  for (const [name, module] of Object.entries(from)) said.set(`${name} is imported from`, module);
  for (const key of absent) said.set(key, "absent");
  for (const [key, { modelName, columns, keys = [] }] of Object.entries(tables)) {
    said.set(`table ${key}`, modelName ?? key);
    for (const [name, words] of Object.entries(columns)) said.set(`${key}.${name}`, withoutDefaults("", words));
    for (const columns of keys) said.set(`${key} key`, columns);
  }
  return said;
}

function differences(old, now) {
  const keys = [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key));
  return keys.map((key) => {
    if (!old.has(key)) return `+ ${key}: ${now.get(key)}`;
    return now.has(key) ? `~ ${key}: ${old.get(key)} -> ${now.get(key)}` : `- ${key}: ${old.get(key)}`;
  });
}

/** New functions of modules that have plugins may be plugins the packs do not know. */
function newExports(release, previous) {
  for (const [module, names] of Object.entries(exported[release])) {
    const known = new Set(exported[previous]?.[module]);
    const found = names.filter((name) => !known.has(name));
    if (found.length > 0 && /plugins$|^@/.test(module)) console.log(`  ${module} now exports ${found.join(", ")}`);
  }
}
