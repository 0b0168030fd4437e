import { HostMessage, PANEL_PROTOCOL, type PanelMessage } from '../../src/protocol/panelMessages.ts';

/** What the editor gives the page of a webview. */
interface WebviewApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}
declare const acquireVsCodeApi: () => WebviewApi;

const api = acquireVsCodeApi();
type Numbered = Extract<PanelMessage, { request: number }>;
type Unnumbered = Exclude<PanelMessage, { request: number }>;
/** A request without its number. */
type Question = Numbered extends infer M ? (M extends Numbered ? Omit<M, 'request'> : never) : never;
type Answer = Extract<HostMessage, { request: number | null }>;

let nextRequest = 1;
const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();

export const send = (message: Unnumbered): void => api.postMessage(message);

/** Asks the host. @throws Error with the host's sentence when it could not be done */
export function ask<T extends Answer['type']>(question: Question, expected: T): Promise<Extract<Answer, { type: T }>> {
  const request = nextRequest++;
  return new Promise<Answer>((resolve, reject) => {
    waiting.set(request, { resolve, reject });
    api.postMessage({ ...question, request });
  }).then((answer) => {
    if (answer.type !== expected) throw new Error('The host answered something else.');
    return answer as Extract<Answer, { type: T }>;
  });
}

/** Starts listening and tells the host that the page is there, with the run that was picked before. Messages that do not fit are reported and left out. */
export function connect(run: string | null, receive: (message: HostMessage) => void, malformed: (what: string) => void): void {
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const parsed = HostMessage.safeParse(event.data);
    if (!parsed.success) {
      malformed(parsed.error.issues[0]?.message ?? 'malformed');
      return;
    }
    const message = parsed.data;
    const request = 'request' in message ? message.request : null;
    const asked = request === null ? undefined : waiting.get(request);
    if (request === null || asked === undefined || !('request' in message)) {
      receive(message);
      return;
    }
    waiting.delete(request);
    if (message.type === 'failed') asked.reject(new Error(message.message));
    else asked.resolve(message);
  });
  send({ type: 'ready', protocol: PANEL_PROTOCOL, run });
}

export const savedState = (): unknown => api.getState();
export const saveState = (state: unknown): void => api.setState(state);
