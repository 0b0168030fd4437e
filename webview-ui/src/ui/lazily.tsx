import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { problem } from '../panelState.ts';

type Component = () => JSX.Element | null;

/** A component whose code is loaded when it is first shown. Each loads once. */
export function lazily(load: () => Promise<Component>): Component {
  let loaded: Component | null = null;
  return function Lazily() {
    const [Shown, show] = useState<{ readonly is: Component } | null>(loaded === null ? null : { is: loaded });
    useEffect(() => {
      if (Shown !== null) return;
      load().then(
        (component) => {
          loaded = component;
          show({ is: component });
        },
        () => {
          problem.value = 'A part of the panel could not be loaded. Close the panel and open it again.';
        },
      );
    }, []);
    return Shown === null ? null : <Shown.is />;
  };
}
