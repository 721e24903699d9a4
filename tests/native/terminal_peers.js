// node-tlv, asked from tests: messages in hexadecimal in, what it reads and writes of each out.
"use strict";

const TLV = require("node-tlv");

const told = (one) => [
  one.getTag(),
  one.isConstructed ? one.getChild().map(told) : one.getValue(),
];

let text = "";
process.stdin.on("data", (data) => (text += data));
process.stdin.on("end", () => {
  const all = JSON.parse(text).map((message) => {
    try {
      const found = message ? TLV.parseList(message) : [];
      return { read: found.map(told), written: found.map((one) => one.getTLV()).join("") };
    } catch (error) {
      return { fault: String(error) };
    }
  });
  process.stdout.write(JSON.stringify(all));
});
