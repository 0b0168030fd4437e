import { PanelTab } from '../../src/protocol/panelShapes.ts';
import { send } from './host.ts';
import { isLoaded, lanes, problem, readOnly, tab } from './panelState.ts';
import { TimelineView } from './timeline/timelineView.tsx';
import { useKeyboardHome } from './ui/keyboardHome.ts';
import { lazily } from './ui/lazily.tsx';

const DiffView = lazily(() => import('./diff/diffView.tsx').then((module) => module.DiffView));
const CostsView = lazily(() => import('./costs/costsView.tsx').then((module) => module.CostsView));
const ConversationView = lazily(() => import('./conversation/conversationView.tsx').then((module) => module.ConversationView));

const tabs = PanelTab.options;
const names = { timeline: 'Timeline', diff: 'Diff', costs: 'Costs', conversation: 'Conversation' } as const;
const views = { timeline: TimelineView, diff: DiffView, costs: CostsView, conversation: ConversationView } as const;

/** The whole panel: what went wrong, the tabs, and the view of the tab that is picked. Views that are not shown do not exist. */
export function App() {
  return (
    <>
      <Problem />
      <ReadOnly />
      {!isLoaded.value ? <Reading /> : lanes.value.length === 0 ? <Empty /> : <Tabs />}
    </>
  );
}

function Tabs() {
  return (
    <vscode-tabs
      panel
      class="tabs"
      selected-index={tabs.indexOf(tab.value)}
      onvsc-tabs-select={(event) => {
        const picked = tabs[event.detail.selectedIndex];
        if (picked !== undefined) tab.value = picked;
      }}
    >
      {tabs.map((name) => {
        const View = views[name];
        return [
          <vscode-tab-header key={`head-${name}`} slot="header" panel>
            {names[name]}
          </vscode-tab-header>,
          <vscode-tab-panel key={`panel-${name}`} panel class="tab-panel" aria-label={names[name]}>
            {tab.value === name ? <View /> : null}
          </vscode-tab-panel>,
        ];
      })}
    </vscode-tabs>
  );
}

/** Until the first snapshot: the keyboard is here, and who listens hears what is going on. */
function Reading() {
  useKeyboardHome();
  return (
    <div class="empty reading">
      <p class="faint" role="status" data-home tabIndex={-1}>
        Reading the runs of this repository…
      </p>
    </div>
  );
}

function Empty() {
  useKeyboardHome();
  return (
    <div class="empty">
      <p>No task has run in this repository yet.</p>
      <vscode-button icon="play" data-home onClick={() => send({ type: 'command', command: 'run', run: null, tree: null })}>
        Run a Task
      </vscode-button>
    </div>
  );
}

/** Stays for as long as it is so. */
function ReadOnly() {
  return readOnly.value === null ? null : (
    <div class="problem" role="status">
      <vscode-icon name="lock" />
      <span class="grow wrap">{readOnly.value}</span>
    </div>
  );
}

function Problem() {
  if (problem.value === null) return null;
  return (
    <div class="problem" role="alert">
      <vscode-icon name="warning" />
      <span class="grow wrap">{problem.value}</span>
      <vscode-toolbar-button
        icon="close"
        label="Dismiss"
        onClick={() => {
          problem.value = null;
        }}
      />
    </div>
  );
}
