// A state with its icon, in words that are broken between words alone.
import Box, { type BoxProps } from "@cloudscape-design/components/box";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";

const COLORS: Partial<Record<StatusIndicatorProps.Type, BoxProps.Color>> = {
  success: "text-status-success",
  error: "text-status-error",
  warning: "text-status-warning",
  info: "text-status-info",
};

export function Status({ type, text }: { type: StatusIndicatorProps.Type; text: string }) {
  return (
    <span className="lesson-line">
      <StatusIndicator type={type} iconAriaLabel={type} />
      <Box variant="span" color={COLORS[type] ?? "text-status-inactive"}>
        {text}
      </Box>
    </span>
  );
}
