// Reads cases from standard input and writes what the register page's own functions make of them.
const fs = require('node:fs');
const ts = require('typescript');

const source = fs.readFileSync(process.argv[2], 'utf8');
const options = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 };
const page = { exports: {} };
new Function('exports', ts.transpileModule(source, { compilerOptions: options }).outputText)(page.exports);
const { even, parts, units } = JSON.parse(fs.readFileSync(0, 'utf8'));
process.stdout.write(
  JSON.stringify({
    even: even.map(([due, count, step]) => page.exports.evenly(due, count, step)),
    parts: parts.map(([minor, weights]) => page.exports.inProportion(minor, weights)),
    units: units.map(([minor, count]) => page.exports.byUnit(minor, count)),
  }),
);
