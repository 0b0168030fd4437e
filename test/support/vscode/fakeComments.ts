import type { FakeRange, FakeUri } from './fakeTypes.ts';

export class FakeThread {
  readonly uri: FakeUri;
  range: FakeRange;
  comments: readonly {
    readonly body: unknown;
    readonly author: { readonly name: string };
    readonly label?: string;
    readonly contextValue?: string;
  }[];
  label?: string;
  contextValue?: string;
  state?: number;
  canReply: unknown = true;
  collapsibleState = 0;
  isDisposed = false;
  constructor(uri: FakeUri, range: FakeRange, comments: FakeThread['comments']) {
    this.uri = uri;
    this.range = range;
    this.comments = comments;
  }
  dispose(): void {
    this.isDisposed = true;
  }
}

/** The comments API: one controller with its threads, shown as `path:line [state] label: author: body`. */
export class FakeComments {
  readonly threads: FakeThread[] = [];
  commentingRangeProvider: { provideCommentingRanges(document: unknown): unknown } | undefined;

  createCommentController() {
    const all = this.threads;
    const controller = {
      options: undefined as unknown,
      createCommentThread(uri: FakeUri, range: FakeRange, comments: FakeThread['comments']): FakeThread {
        const thread = new FakeThread(uri, range, comments);
        all.push(thread);
        return thread;
      },
      dispose: () => {},
    };
    const keep = (provider: FakeComments['commentingRangeProvider']): void => {
      this.commentingRangeProvider = provider;
    };
    return Object.defineProperty(controller, 'commentingRangeProvider', { set: keep });
  }

  get text(): string {
    return this.threads
      .filter(({ isDisposed }) => !isDisposed)
      .map(({ uri, range, comments, label, contextValue }) => {
        const lines = `${uri.path.slice(1)}:${range.start.line + 1}`;
        return `${lines} ${contextValue ?? ''} (${label ?? ''}) ${comments.map((c) => `${c.author.name}: ${bodyText(c.body)}`).join(' / ')}`;
      })
      .join('\n');
  }
}

const bodyText = (body: unknown): string => (typeof body === 'string' ? body : (body as { value: string }).value);
