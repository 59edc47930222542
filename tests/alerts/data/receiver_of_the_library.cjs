// A receiver made with the library of Standard Webhooks and nothing else. `node … whsec_…` prints its port;
// 204: the library takes it, 401: it does not, with its reason.

const { Webhook } = require("standardwebhooks");
const { createServer } = require("node:http");

const webhook = new Webhook(process.argv[2]);
const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    try {
      webhook.verify(Buffer.concat(parts).toString("utf8"), request.headers);
      response.statusCode = 204;
      response.end();
    } catch (fault) {
      response.statusCode = 401;
      response.end(String(fault.message));
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
