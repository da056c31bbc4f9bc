// A panel of settings that are shown until somebody edits them.
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import type { ReactNode } from "react";
import { Buttons } from "../../../parts/Page";

interface PanelProps {
  title: string;
  description?: string;
  counter?: string;
  editing: boolean;
  busy: boolean;
  onEdit: () => void;
  onCancel: () => void;
  onSave: () => void;
  children: ReactNode;
}

export function Panel({ title, description, counter, editing, busy, onEdit, onCancel, onSave, children }: PanelProps) {
  const actions = editing ? (
    <Buttons>
      <Button variant="link" onClick={onCancel}>
        Cancel
      </Button>
      <Button variant="primary" loading={busy} onClick={onSave}>
        Save
      </Button>
    </Buttons>
  ) : (
    <Button onClick={onEdit}>Edit</Button>
  );
  return (
    <Container
      header={
        <Header variant="h2" description={description} counter={counter} actions={actions}>
          {title}
        </Header>
      }
    >
      {children}
    </Container>
  );
}
