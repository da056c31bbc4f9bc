// What the parts of a function's page know of it; each is undefined until it is read.
import type { FunctionConfiguration, FunctionEventInvokeConfig, Trigger } from "../../aws/lambda";

export interface FunctionState {
  name: string;
  configuration: FunctionConfiguration | undefined;
  invoke: FunctionEventInvokeConfig | undefined;
  triggers: Trigger[] | undefined;
  /** Reads all of it again. */
  reload: () => Promise<void>;
}

export interface TabProps {
  fn: FunctionState;
}
