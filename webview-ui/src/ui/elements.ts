// What every tab is made of. An element that only some tabs have is loaded with them.
import '@vscode-elements/elements/dist/vscode-button/index.js';
import '@vscode-elements/elements/dist/vscode-checkbox/index.js';
import '@vscode-elements/elements/dist/vscode-icon/index.js';
import '@vscode-elements/elements/dist/vscode-tab-header/index.js';
import '@vscode-elements/elements/dist/vscode-tab-panel/index.js';
import '@vscode-elements/elements/dist/vscode-tabs/index.js';
import '@vscode-elements/elements/dist/vscode-toolbar-button/index.js';
import type { HTMLAttributes } from 'preact';

/** The attributes, properties and events of the elements that the panel uses; the rest is what any HTML element has. */
type Custom<Props> = Omit<HTMLAttributes<HTMLElement>, 'label' | 'icon' | 'onChange' | 'onInput'> & Props;
type Checkable = HTMLElement & { readonly checked: boolean };
type Valued = HTMLElement & { readonly value: string };

export type CheckEvent = Event & { readonly currentTarget: Checkable };
export type ValueEvent = Event & { readonly currentTarget: Valued };

declare module 'preact' {
  namespace JSX {
    interface IntrinsicElements {
      'vscode-button': Custom<{ secondary?: boolean; disabled?: boolean; icon?: string }>;
      'vscode-checkbox': Custom<{
        label?: string;
        checked?: boolean;
        indeterminate?: boolean;
        disabled?: boolean;
        toggle?: boolean;
        onChange?: (event: CheckEvent) => void;
      }>;
      'vscode-icon': Custom<{ name: string; size?: number; spin?: boolean }>;
      'vscode-option': Custom<{ value: string; selected?: boolean; description?: string }>;
      'vscode-single-select': Custom<{ label?: string; value?: string; disabled?: boolean; onChange?: (event: ValueEvent) => void }>;
      'vscode-tab-header': Custom<{ panel?: boolean }>;
      'vscode-tab-panel': Custom<{ panel?: boolean }>;
      'vscode-tabs': Custom<{
        panel?: boolean;
        'selected-index'?: number;
        'onvsc-tabs-select'?: (event: CustomEvent<{ selectedIndex: number }>) => void;
      }>;
      'vscode-textarea': Custom<{
        label?: string;
        placeholder?: string;
        rows?: number;
        autofocus?: boolean;
        onInput?: (event: ValueEvent) => void;
      }>;
      'vscode-textfield': Custom<{
        value?: string;
        placeholder?: string;
        type?: string;
        label?: string;
        onInput?: (event: ValueEvent) => void;
      }>;
      'vscode-toolbar-button': Custom<{ icon?: string; label?: string; toggleable?: boolean; checked?: boolean }>;
    }
  }
}
