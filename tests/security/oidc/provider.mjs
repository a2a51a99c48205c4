// A real OpenID provider for the tests: client credentials, an audience per service, keys that can be rotated.
// usage: node provider.mjs PORT  -- writes "ready" when it listens; SIGHUP adds a signing key and signs with it.
import { generateKeyPairSync, randomUUID } from "node:crypto";
import { Provider } from "oidc-provider";

const port = Number(process.argv[2]);
const issuer = `http://127.0.0.1:${port}`;
const SERVICES = ["registry", "licensing", "monitoring", "reporting"].map((name) => `urn:aksu:${name}`);
const CLIENTS = {
  inspector: { roles: ["inspector"], body: "AKSU" },
  portal: { roles: ["integration"] },
};

function key() {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...privateKey.export({ format: "jwk" }), kid: randomUUID(), use: "sig", alg: "ES256" };
}

let keys = [key()];

function build() {
  return new Provider(issuer, {
    jwks: { keys },
    clients: Object.keys(CLIENTS).map((client_id) => ({
      client_id,
      client_secret: "secret",
      grant_types: ["client_credentials"],
      redirect_uris: [],
      response_types: [],
      id_token_signed_response_alg: "ES256",
    })),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => undefined,
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource) => ({
          scope: "api",
          audience: resource.replace("urn:aksu:", "aksu-"),
          accessTokenTTL: 300,
          accessTokenFormat: SERVICES.includes(resource) ? "jwt" : "opaque",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
    extraTokenClaims: (_ctx, token) => CLIENTS[token.clientId],
  });
}

let handle = build().callback();
const { createServer } = await import("node:http");
createServer((request, response) => handle(request, response)).listen(port, "127.0.0.1", () => console.log("ready"));
process.on("SIGHUP", () => {
  keys = [key(), ...keys];
  handle = build().callback();
  console.log("rotated");
});
