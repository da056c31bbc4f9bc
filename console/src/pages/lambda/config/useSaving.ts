// Changing a function: one change at a time, waited for, told of.
import { UpdateFunctionConfigurationCommand, type UpdateFunctionConfigurationRequest } from "@aws-sdk/client-lambda";
import { useState } from "react";
import { useFlash } from "../../../app/flash";
import { lambda, ready } from "../../../aws/lambda";
import type { FunctionState } from "../FunctionState";

/** Runs a deed, tells what came of it, and reads the function again. Answers whether it went well. */
export function useSaving(fn: FunctionState) {
  const [busy, setBusy] = useState(false);
  const flash = useFlash();
  const save = async (deed: () => Promise<unknown>, done = `Successfully updated the function ${fn.name}.`): Promise<boolean> => {
    setBusy(true);
    try {
      await deed();
      await ready(fn.name);
      await fn.reload();
      flash.success(done);
      return true;
    } catch (error) {
      flash.failure(error, "This was not saved");
      return false;
    } finally {
      setBusy(false);
    }
  };
  const update = (some: Omit<UpdateFunctionConfigurationRequest, "FunctionName">): Promise<boolean> =>
    save(() => lambda().send(new UpdateFunctionConfigurationCommand({ FunctionName: fn.name, ...some })));
  return { busy, save, update };
}
