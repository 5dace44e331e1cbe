// node fake_ee.js API.json SCRIPT.js: runs a script of Earth Engine's code editor with an `ee` that knows the calls of API.json only.
// Prints the calls, each as [class, method, arguments], as JSON.
const fs = require('fs');
const vm = require('vm');

const api = JSON.parse(fs.readFileSync(process.argv[2], 'utf-8'));
const calls = [];

function called(type, name, args) {
  const known = (api[type] || {})[name];
  if (!known) throw new TypeError(`ee.${type} has no ${name}`);
  const named = args.length === 1 && Object.getPrototypeOf(args[0]) === plain ? Object.keys(args[0]) : [];
  for (const key of named) if (!known.takes.includes(key)) throw new TypeError(`ee.${type}.${name} takes no ${key}`);
  if (!known.takes.includes('args') && args.length > known.takes.length) throw new TypeError(`ee.${type}.${name} takes fewer`);
  if (args.some((value) => value === undefined)) throw new TypeError(`ee.${type}.${name} is given nothing`);
  if (name === 'map') {
    const element = args[0](object(type === 'ImageCollection' ? 'Image' : 'Feature'));
    if (!element || !element.type) throw new TypeError('the mapped function returns nothing of ee');
  }
  calls.push([type, name, args.map((value) => (typeof value === 'function' ? 'function' : value))]);
  return object(known.gives);
}

function object(type) {
  return new Proxy({ type }, {
    get(target, name) {
      if (name === 'type') return type;
      if (name === 'toJSON') return () => `ee.${type}`;
      return typeof name === 'symbol' ? undefined : (...args) => called(type, name, args);
    },
  });
}

function constructor(type) {
  return new Proxy(function () {}, {
    apply(target, self, args) {
      calls.push([type, 'new', args]);
      return object(type);
    },
    get: (target, name) => (...args) => called(type, name, args),
  });
}

const ee = new Proxy({}, { get: (target, name) => constructor(name) });
const context = vm.createContext({ ee, Export: { table: { toDrive: (...args) => called('Export.table', 'toDrive', args) } } });
const plain = vm.runInContext('Object.prototype', context);
vm.runInContext(fs.readFileSync(process.argv[3], 'utf-8'), context);
process.stdout.write(JSON.stringify(calls));
