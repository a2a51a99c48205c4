// Reads the description of the bus as AsyncAPI's own parser does; exit code 1 with its errors.
import { readFileSync } from "node:fs";
import { Parser } from "@asyncapi/parser";

const { document, diagnostics } = await new Parser().parse(readFileSync(process.argv[2], "utf8"));
const errors = diagnostics.filter(({ severity }) => severity === 0);
for (const { code, message, path } of errors) console.error(`${code}: ${message} (${path.join("/")})`);
process.exit(document === undefined || errors.length > 0 ? 1 : 0);
