// The published library of Adyen, asked from tests: one mode, JSON on standard input and output.
"use strict";

const library = "@adyen/api-library/lib/src/";
const NexoCrypto = require(library + "security/nexoCrypto").default;
const { ObjectSerializer } = require(library + "typings/terminal/models");

const modes = {
  seal: (all) => all.map((one) => NexoCrypto.encrypt(one.header, one.plain, one.key)),

  open: (all) =>
    all.map((one) => {
      try {
        return new NexoCrypto().decrypt(one.message, one.key);
      } catch {
        return null;
      }
    }),

  // Through the library's model and back: what it does not know is lost on the way.
  model: (all) =>
    all.map((one) =>
      ObjectSerializer.serialize(ObjectSerializer.deserialize(one.message, one.type), one.type),
    ),

  pairs: (all) => {
    const { SaleDataHelper } = require(library + "utils/tapi/saleDataHelper");
    return all.map((one) => new SaleDataHelper({ SaleToAcquirerData: one }).getSaleToAcquirerData());
  },

  // A register made of the library, paying at a terminal under test.
  talk: async (told) => {
    const Client = require(library + "client").default;
    const TerminalLocalAPI = require(library + "services/terminalLocalAPI").default;
    const client = new Client({
      environment: "LIVE",
      apiKey: "unused",
      certificatePath: told.authority,
      terminalApiLocalEndpoint: "https://127.0.0.1",
    });
    const terminal = new TerminalLocalAPI(client);
    terminal.localRequest.endpoint = `https://127.0.0.1:${told.port}/nexo/`;
    const answers = [];
    for (const message of told.messages) {
      const request = ObjectSerializer.deserialize(message, "TerminalApiRequest");
      const answer = await terminal.request(request, told.key);
      answers.push(ObjectSerializer.serialize(answer, "TerminalApiResponse"));
    }
    return answers;
  },
  // A terminal whose seal and model are the library's: it approves what it is asked, and remembers.
  serve: (told) => {
    const remembered = {};
    const answers = {
      Diagnosis: () => ({ Response: { Result: "Success" }, POIStatus: { GlobalStatus: "OK" } }),
      Payment: (request, header) => {
        const amounts = request.PaymentTransaction.AmountsReq;
        const name = { TransactionID: `LIB.${header.ServiceID}`, TimeStamp: "2026-11-26T09:30:00Z" };
        return {
          Response: { Result: "Success" },
          SaleData: { SaleTransactionID: request.SaleData.SaleTransactionID },
          POIData: { POITransactionID: name },
          PaymentResult: {
            AmountsResp: { AuthorizedAmount: amounts.RequestedAmount, Currency: amounts.Currency },
            OnlineFlag: true,
          },
        };
      },
      Reversal: (request, header) => {
        const original = request.OriginalPOITransaction.POITransactionID.TransactionID;
        const name = { TransactionID: `${original}.BACK`, TimeStamp: "2026-11-27T10:00:00Z" };
        return {
          Response: { Result: "Success" },
          OriginalPOITransaction: request.OriginalPOITransaction,
          POIData: { POITransactionID: name },
          ReversedAmount: request.ReversedAmount,
        };
      },
      TransactionStatus: (request) => {
        const reference = request.MessageReference;
        const found = remembered[reference.MessageCategory + reference.ServiceID];
        return found
          ? { Response: { Result: "Success" }, RepeatedMessageResponse: found }
          : { Response: { Result: "Failure", ErrorCondition: "NotFound" } };
      },
    };
    const answered = (body) => {
      const sealed = JSON.parse(body).SaleToPOIRequest;
      const request = JSON.parse(new NexoCrypto().decrypt(sealed, told.key)).SaleToPOIRequest;
      const header = { ...request.MessageHeader, MessageType: "Response" };
      const category = header.MessageCategory;
      const said = answers[category](request[`${category}Request`], header);
      if (category === "Payment" || category === "Reversal") {
        const repeated = { [`${category}Response`]: said };
        remembered[category + header.ServiceID] = {
          MessageHeader: header,
          RepeatedResponseMessageBody: repeated,
        };
      }
      const plain = { SaleToPOIResponse: { MessageHeader: header, [`${category}Response`]: said } };
      const whole = ObjectSerializer.serialize(
        ObjectSerializer.deserialize(plain, "TerminalApiResponse"),
        "TerminalApiResponse",
      );
      const text = JSON.stringify(whole);
      return [category, said, { SaleToPOIResponse: NexoCrypto.encrypt(header, text, told.key) }];
    };
    const server = require("https").createServer(
      { cert: told.certificate, key: told.certificateKey },
      (request, response) => {
        let body = "";
        request.on("data", (data) => (body += data));
        request.on("end", () => {
          const [category, said, sealed] = answered(body);
          const amount =
            category === "Payment"
              ? said.PaymentResult.AmountsResp.AuthorizedAmount
              : said.ReversedAmount;
          if (amount === told.lost) request.socket.destroy();
          else response.end(JSON.stringify(sealed));
        });
      },
    );
    return new Promise(() =>
      server.listen(0, "127.0.0.1", () => process.stdout.write(`${server.address().port}\n`)),
    );
  },
};

const read = JSON.parse(require("fs").readFileSync(0, "utf-8"));
Promise.resolve(modes[process.argv[2]](read)).then(
  (found) => process.stdout.write(JSON.stringify(found)),
  (error) => {
    process.stderr.write(String(error && error.stack));
    process.exitCode = 1;
  },
);
