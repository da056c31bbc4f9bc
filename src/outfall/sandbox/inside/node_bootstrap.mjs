// The runtime client of Node.js functions: loads the handler, then takes invocations from the Runtime API.
//
// Handlers are async functions or, before Node.js 24, take a callback, in CommonJS or ES modules. Errors are
// {errorType, errorMessage, trace} and console lines are "time\trequest id\tLEVEL\tmessage", as on AWS
// (https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html, nodejs-logging.html, nodejs-exceptions.html).
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import util from "node:util";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const logFd = Number(env._LAMBDA_TELEMETRY_LOG_FD || 1);
const framed = "_LAMBDA_TELEMETRY_LOG_FD" in env;
delete env._LAMBDA_TELEMETRY_LOG_FD;
const asJson = env.AWS_LAMBDA_LOG_FORMAT === "JSON";
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const levelMin = asJson ? Math.max(0, LEVELS.indexOf(env.AWS_LAMBDA_LOG_LEVEL || "INFO")) : 0;
// https://aws.amazon.com/blogs/compute/node-js-24-runtime-now-available-in-aws-lambda/
const takesCallbacks = !(Number(/nodejs(\d+)/.exec(env.AWS_EXECUTION_ENV || "")?.[1]) >= 24);
const CALLBACKS_REMOVED =
  "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to " +
  "modify this function to use a supported handler signature to use Node.js 24 or later. For more information see " +
  "https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.";
const NEVER_SETTLED =
  "The Lambda runtime client detected an unexpected Node.js exit code. This is most commonly caused by a Promise that " +
  "was never settled. For more information, see https://nodejs.org/docs/latest/api/process.html#exit-codes";
const UNSETTLED_EXIT_CODE = 13;
let requestId = "";
let running = false;

// One frame is one log event, however many lines it has: type, length, microseconds, message.
function writeFrame(text) {
  const message = Buffer.from(text + "\n");
  if (!framed) return writeAll(message);
  const head = Buffer.alloc(16);
  head.writeUInt32BE(0xa55a0003, 0);
  head.writeUInt32BE(message.length, 4);
  head.writeBigUInt64BE(BigInt(Date.now()) * 1000n, 8);
  writeAll(Buffer.concat([head, message]));
}

function writeAll(buffer) {
  for (let at = 0; at < buffer.length; ) {
    try {
      at += fs.writeSync(logFd, buffer, at);
    } catch (error) {
      if (error.code !== "EAGAIN") return;
    }
  }
}

function log(level, ...parts) {
  if (LEVELS.indexOf(level) < levelMin) return;
  const time = new Date().toISOString();
  if (!asJson) return writeFrame(`${time}\t${requestId || "undefined"}\t${level}\t${util.format(...parts)}`);
  const line = { timestamp: time, level, requestId: requestId || undefined };
  const error = parts.find((part) => part instanceof Error);
  if (error) Object.assign(line, { errorType: error.name, errorMessage: error.message, stackTrace: traceOf(error) });
  const single = parts.length === 1 && !error && typeof parts[0] === "object" ? parts[0] : util.format(...parts);
  try {
    writeFrame(JSON.stringify({ ...line, message: single }));
  } catch {
    writeFrame(JSON.stringify({ ...line, message: util.format(...parts) }));
  }
}

console.log = (...parts) => log("INFO", ...parts);
console.info = (...parts) => log("INFO", ...parts);
console.debug = (...parts) => log("DEBUG", ...parts);
console.warn = (...parts) => log("WARN", ...parts);
console.error = (...parts) => log("ERROR", ...parts);
console.trace = (...parts) => log("TRACE", ...parts);

function traceOf(error) {
  return (error.stack || "").split("\n");
}

function describe(error, type) {
  if (error instanceof Error || (error && typeof error === "object" && "stack" in error)) {
    return { errorType: type || error.name, errorMessage: error.message, trace: traceOf(error) };
  }
  return { errorType: type || typeof error, errorMessage: String(error), trace: [] };
}

class RuntimeError extends Error {
  constructor(type, message) {
    super(message);
    this.name = type;
  }
}

function call(method, tail, body, headers = {}) {
  return new Promise((resolve, reject) => {
    const data = body === undefined ? undefined : Buffer.from(body);
    if (data) headers = { "Content-Type": "application/json", "Content-Length": data.length, ...headers };
    const request = http.request(
      { host, port, agent, method, path: `/2018-06-01/runtime/${tail}`, headers },
      (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(data);
  });
}

const postError = (tail, error) =>
  call("POST", tail, JSON.stringify(error), { "Lambda-Runtime-Function-Error-Type": error.errorType });

function moduleFile(base) {
  for (const suffix of ["", ".js", ".mjs", ".cjs"]) {
    if (fs.existsSync(base + suffix) && fs.statSync(base + suffix).isFile()) return base + suffix;
  }
  return undefined;
}

function isEsModule(file) {
  if (!file.endsWith(".js")) return file.endsWith(".mjs");
  for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
    const description = path.join(folder, "package.json");
    if (fs.existsSync(description)) {
      try {
        return JSON.parse(fs.readFileSync(description, "utf8")).type === "module";
      } catch {
        return false;
      }
    }
    if (folder === path.dirname(folder) || folder === env.LAMBDA_TASK_ROOT) return false;
  }
}

async function loadHandler() {
  const asked = env._HANDLER || "";
  const match = /^([^.]*)\.(.*)$/.exec(path.basename(asked));
  if (!match || asked.includes("..")) throw new RuntimeError("Runtime.MalformedHandlerName", "Bad handler");
  const name = path.join(path.dirname(asked), match[1]);
  const file = moduleFile(path.resolve(env.LAMBDA_TASK_ROOT, name));
  if (!file) {
    const message = `Error: Cannot find module '${name}'\nRequire stack:\n- /var/runtime/index.mjs`;
    throw new RuntimeError("Runtime.ImportModuleError", message);
  }
  let loaded;
  try {
    loaded = isEsModule(file) ? await import(pathToFileURL(file)) : createRequire(file)(file);
  } catch (error) {
    if (error instanceof SyntaxError) throw Object.assign(error, { name: "Runtime.UserCodeSyntaxError" });
    if (error && ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error.code)) {
      throw new RuntimeError("Runtime.ImportModuleError", `Error: ${error.message}`);
    }
    throw error;
  }
  let found = loaded;
  for (const part of match[2].split(".")) found = found?.[part] ?? (found === loaded ? loaded.default?.[part] : undefined);
  if (found === undefined) {
    throw new RuntimeError("Runtime.HandlerNotFound", `${asked} is undefined or not exported`);
  }
  if (typeof found !== "function") throw new RuntimeError("Runtime.HandlerNotFound", `${asked} is not a function`);
  // The runtime tells by the number of parameters alone, even of an async function.
  if (!takesCallbacks && found.length > 2) throw new RuntimeError("Runtime.CallbackHandlerDeprecated", CALLBACKS_REMOVED);
  return found;
}

function contextOf(headers) {
  const parsed = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed("lambda-runtime-client-context"),
    identity: parsed("lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    awsRequestId: requestId,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
}

// The handler's result: from its promise, from its callback (once the event loop is empty, unless it says not to wait),
// or null when nothing is left to do and nothing was said. An async function that leaves it at that ends the process.
function runHandler(handler, event, context) {
  return new Promise((resolve, reject) => {
    let settle;
    const onEmpty = () => {
      if (settle) return settle();
      if (handler.constructor.name !== "AsyncFunction") return resolve(undefined);
      return fatal("", UNSETTLED_EXIT_CODE, new RuntimeError("Runtime.NodeJsExit", NEVER_SETTLED));
    };
    process.once("beforeExit", onEmpty);
    const done = (error, result) => {
      if (settle) return;
      settle = () => (error ? reject(error) : resolve(result));
      if (!context.callbackWaitsForEmptyEventLoop) settle();
    };
    const finish = (outcome) => (value) => {
      process.removeListener("beforeExit", onEmpty);
      outcome(value);
    };
    [resolve, reject] = [finish(resolve), finish(reject)];
    if (takesCallbacks) {
      context.succeed = (result) => { context.callbackWaitsForEmptyEventLoop = false; done(null, result); };
      context.fail = (error) => { context.callbackWaitsForEmptyEventLoop = false; done(error ?? "handled"); };
      context.done = (error, result) => { context.callbackWaitsForEmptyEventLoop = false; done(error, result); };
    }
    const returned = takesCallbacks ? handler(event, context, done) : handler(event, context);
    if (returned && typeof returned.then === "function") returned.then(resolve, reject);
  });
}

function serialise(result) {
  try {
    return JSON.stringify(result === undefined ? null : result) ?? "null";
  } catch {
    throw new Error("Unable to stringify response body");
  }
}

function logError(label, error) {
  const { trace, ...told } = error;
  const line = JSON.stringify({ ...told, stack: trace });
  asJson ? writeFrame(JSON.stringify({ timestamp: new Date().toISOString(), level: "ERROR", requestId, ...told, stackTrace: trace }))
    : writeFrame(`${new Date().toISOString()}\t${requestId || "undefined"}\tERROR\t${label} \t${line}`);
}

async function fatal(type, code, problem) {
  const told = problem instanceof Error ? `${problem.name}: ${problem.message}` : String(problem);
  const error = type === "Runtime.UnhandledPromiseRejection"
    ? { errorType: type, errorMessage: told, trace: [`${type}: ${told}`, ...traceOf(problem ?? {}).slice(1)] }
    : describe(problem);
  logError(type === "Runtime.UnhandledPromiseRejection" ? "Unhandled Promise Rejection" : "Uncaught Exception", error);
  try {
    await postError(running ? `invocation/${requestId}/error` : "init/error", error);
  } finally {
    process.exit(code);
  }
}
process.on("unhandledRejection", (reason) => fatal("Runtime.UnhandledPromiseRejection", 128, reason));
process.on("uncaughtException", (error) => fatal("", 129, error));

let handler;
try {
  handler = await loadHandler();
} catch (problem) {
  const error = describe(problem);
  logError("Uncaught Exception", error);
  await postError("init/error", error);
  process.exit(1);
}

while (true) {
  const invocation = await call("GET", "invocation/next");
  if (invocation.status !== 200) process.exit(1);
  requestId = invocation.headers["lambda-runtime-aws-request-id"];
  const trace = invocation.headers["lambda-runtime-trace-id"];
  if (trace) env._X_AMZN_TRACE_ID = trace;
  else delete env._X_AMZN_TRACE_ID;
  running = true;
  let body;
  try {
    body = serialise(await runHandler(handler, JSON.parse(invocation.body), contextOf(invocation.headers)));
  } catch (problem) {
    const error = describe(problem);
    logError("Invoke Error", error);
    running = false;
    await postError(`invocation/${requestId}/error`, error);
    continue;
  }
  running = false;
  const answer = await call("POST", `invocation/${requestId}/response`, body);
  if (answer.status === 500) process.exit(1);
}
