// Asking before something is removed. What cannot be brought back asks for a word to be typed.
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import FormField from "@cloudscape-design/components/form-field";
import Input from "@cloudscape-design/components/input";
import Modal from "@cloudscape-design/components/modal";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState, type ReactNode } from "react";
import { explain } from "../aws/problem";
import { Buttons } from "./Page";

interface ConfirmProps {
  title: string;
  children: ReactNode;
  action: string;
  /** What has to be typed, if anything. */
  word?: string;
  onConfirm: () => Promise<void>;
  onClose: () => void;
}

/** A dialog; shown as long as it is drawn. */
export function Confirm({ title, children, action, word, onConfirm, onClose }: ConfirmProps) {
  const [typed, setTyped] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();

  const confirm = async () => {
    setBusy(true);
    try {
      await onConfirm();
      onClose();
    } catch (problem) {
      setError(explain(problem));
      setBusy(false);
    }
  };
  return (
    <Modal
      visible
      header={title}
      onDismiss={onClose}
      closeAriaLabel="Close"
      footer={
        <Box float="right">
          <Buttons>
            <Button variant="link" onClick={onClose}>
              Cancel
            </Button>
            <Button variant="primary" loading={busy} disabled={word !== undefined && typed !== word} onClick={() => void confirm()}>
              {action}
            </Button>
          </Buttons>
        </Box>
      }
    >
      <SpaceBetween size="m">
        <div>{children}</div>
        {word !== undefined && (
          <FormField label={`To confirm, type ${word}`}>
            <Input value={typed} placeholder={word} onChange={({ detail }) => setTyped(detail.value)} />
          </FormField>
        )}
        {error !== undefined && <Alert type="error">{error}</Alert>}
      </SpaceBetween>
    </Modal>
  );
}
