import { useEffect, useState } from 'preact/hooks';
import { visibleCode } from '../../../src/base/visibleText.ts';
import { spanTitle } from '../../../src/core/projections/timelineSpan.ts';
import type { SpanDetailShape } from '../../../src/protocol/panelShapes.ts';
import { ask } from '../host.ts';
import { pickedLane, pickedSpan, problem, spansVersion, storeOf, tab } from '../panelState.ts';
import { hostNow } from '../ui/browserClock.ts';
import { countText, durationText, plural, timeText, totalText } from '../ui/format.ts';
import { laneMark, MarkIcon, spanMark } from '../ui/statusMark.tsx';
import { pickSpan, stepSpan } from './timelineActions.ts';

/** What is picked: a span with its facts, texts, files and tokens, or else the run as a whole. */
export function SpanDetailView() {
  const lane = pickedLane.value;
  const index = pickedSpan.value;
  const store = lane === null ? null : storeOf(lane.run);
  const span = store === null || index === null ? null : store.span(index);
  // Read so that a span which ends while it is shown is shown anew.
  const version = span === null ? 0 : spansVersion.value;
  const [shown, setShown] = useState<{ readonly key: string; readonly detail: SpanDetailShape } | null>(null);
  const key = lane === null || span === null ? '' : `${lane.run}/${span.index}/${span.status}/${span.end ?? ''}`;
  useEffect(() => {
    if (lane === null || span === null) return;
    let isCurrent = true;
    ask({ type: 'span', run: lane.run, index: span.index }, 'span').then(
      ({ detail }) => isCurrent && setShown({ key, detail }),
      (error: Error) => {
        if (isCurrent) problem.value = error.message;
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [key]);
  if (lane === null) return <div class="detail-empty faint">Pick a run to see what it did.</div>;
  if (span === null) return <RunSummary />;
  const mark = spanMark(span.kind, span.status);
  const detail = shown?.key === key ? shown.detail : null;
  return (
    <article class="detail" aria-label={`${spanTitle(span.kind)}, ${mark.word}`} data-version={version}>
      <header>
        <MarkIcon mark={mark} />
        <h2>{spanTitle(span.kind)}</h2>
        <span class={`tone-${mark.tone}`}>{mark.word}</span>
        <span class="header-actions">
          <vscode-toolbar-button icon="arrow-up" label="Previous span (P)" title="Previous span (P)" onClick={() => stepSpan(-1)} />
          <vscode-toolbar-button icon="arrow-down" label="Next span (N)" title="Next span (N)" onClick={() => stepSpan(1)} />
          <vscode-toolbar-button icon="close" label="Close the span" title="Close the span" onClick={() => pickSpan(lane.run, null)} />
        </span>
      </header>
      <p class="wrap">{span.label}</p>
      <dl>
        <Fact name="run" value={lane.task + (span.attempt > 0 ? `, attempt ${span.attempt}` : '')} />
        <Fact name="time" value={`${timeText(span.start)}${span.end === null ? ', goes on' : ` to ${timeText(span.end)}`}`} />
        <Fact name="took" value={durationText((span.end ?? hostNow()) - span.start)} />
        {detail?.facts.map(({ name, value }) => (
          <Fact key={name} name={name} value={value} />
        ))}
        {detail?.cost == null ? null : <Fact name="cost" value={totalText(detail.cost)} />}
      </dl>
      {detail === null ? <p class="faint">Reading…</p> : <DetailBody run={lane.run} index={span.index} detail={detail} />}
    </article>
  );
}

const Fact = ({ name, value }: { name: string; value: string }) => (
  <div class="fact">
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
);

function DetailBody({ run, index, detail }: { run: string; index: number; detail: SpanDetailShape }) {
  const { tokens, files, outputFile } = detail;
  const added = files.reduce((sum, file) => sum + (file.added ?? 0), 0);
  const removed = files.reduce((sum, file) => sum + (file.removed ?? 0), 0);
  return (
    <>
      {tokens === null ? null : (
        <section>
          <h3>Tokens</h3>
          <dl>
            <Fact name="input" value={countText(tokens.input)} />
            <Fact name="output" value={countText(tokens.output)} />
            {tokens.reasoning > 0 ? <Fact name="reasoning" value={countText(tokens.reasoning)} /> : null}
            {tokens.cacheRead + tokens.cacheWrite > 0 ? (
              <Fact name="cache" value={`${countText(tokens.cacheRead)} read, ${countText(tokens.cacheWrite)} written`} />
            ) : null}
          </dl>
        </section>
      )}
      {files.length === 0 ? null : (
        <section>
          <h3>
            {plural(files.length, 'file')} <span class="added">+{added}</span> <span class="removed">−{removed}</span>
          </h3>
          <ul class="file-list">
            {files.slice(0, 200).map((file) => (
              <li key={file.path}>
                <span class={`file-mark ${file.status}`} title={file.status}>
                  {file.status[0]?.toUpperCase()}
                </span>
                <span class="clip" title={visibleCode(file.path)}>
                  {visibleCode(file.path)}
                </span>
                <span class="added">{file.added === null ? 'binary' : `+${file.added}`}</span>
                <span class="removed">{file.removed === null ? '' : `−${file.removed}`}</span>
              </li>
            ))}
          </ul>
          <vscode-button
            secondary
            onClick={() => {
              tab.value = 'diff';
            }}
          >
            Show Diff
          </vscode-button>
        </section>
      )}
      {detail.texts.map(({ title, text, preformatted }) => (
        <section key={title}>
          <h3>{title}</h3>
          {preformatted ? <pre class="output">{text}</pre> : <p class="prose">{text}</p>}
        </section>
      ))}
      {outputFile === null ? null : (
        <vscode-button
          secondary
          icon="go-to-file"
          onClick={() => {
            ask({ type: 'output', run, index }, 'done').catch((error: Error) => {
              problem.value = error.message;
            });
          }}
        >
          Open Whole Output
        </vscode-button>
      )}
    </>
  );
}

function RunSummary() {
  const lane = pickedLane.value;
  if (lane === null) return null;
  const mark = laneMark(lane);
  const spans = spansVersion.value >= 0 ? storeOf(lane.run).count : 0;
  return (
    <article class="detail" aria-label={`${lane.task}, ${mark.word}`}>
      <header>
        <MarkIcon mark={mark} />
        <h2>{lane.task}</h2>
        <span class={`tone-${mark.tone}`}>{mark.word}</span>
      </header>
      <p class="wrap">{lane.title}</p>
      {lane.reason === '' ? null : <p class="wrap faint">{lane.reason}</p>}
      <dl>
        <Fact name="run" value={lane.run} />
        {lane.boundary === '' ? null : <Fact name="boundary" value={lane.boundary} />}
        <Fact name="attempts" value={`${lane.attempts} of ${lane.attemptLimit}`} />
        <Fact name="tokens" value={countText(lane.tokens)} />
        <Fact name="cost" value={totalText(lane.cost)} />
        <Fact name="budget" value={lane.budgetUsd === null ? 'no limit' : totalText({ usd: lane.budgetUsd, unpricedCalls: 0 })} />
        <Fact name="spans" value={countText(spans)} />
      </dl>
      <p class="faint">Click a span, or press N, to see its log, output, diff and tokens.</p>
    </article>
  );
}
