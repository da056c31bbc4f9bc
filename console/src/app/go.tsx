// Going to another page of the console: links that do so without loading it anew, and the way there in code.
import Link, { type LinkProps } from "@cloudscape-design/components/link";
import type { ReactNode } from "react";
import { useHref, useNavigate } from "react-router-dom";

interface GoProps {
  to: string;
  children: ReactNode;
  variant?: LinkProps["variant"];
  fontSize?: LinkProps["fontSize"];
  ariaLabel?: string;
}

/** A link to a page of the console. */
export function Go({ to, children, variant = "secondary", fontSize, ariaLabel }: GoProps) {
  const href = useHref(to);
  const navigate = useNavigate();
  return (
    <Link
      href={href}
      variant={variant}
      fontSize={fontSize}
      ariaLabel={ariaLabel}
      onFollow={(event) => {
        event.preventDefault();
        navigate(to);
      }}
    >
      {children}
    </Link>
  );
}

interface Following {
  preventDefault: () => void;
  detail: { href?: string; external?: boolean };
}

/** The `onFollow` of components that have links of their own, whose `href` is `link(to)`. */
export function useFollow(): { link: (to: string) => string; onFollow: (event: Following) => void } {
  const navigate = useNavigate();
  const base = useHref("/").replace(/\/$/, "");
  return {
    link: (to) => base + to,
    onFollow: (event) => {
      const { href, external } = event.detail;
      if (!href || external || !href.startsWith(base)) return;
      event.preventDefault();
      navigate(href.slice(base.length) || "/");
    },
  };
}
