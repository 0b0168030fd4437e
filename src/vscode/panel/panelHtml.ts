/** Where the panel's files can be loaded from, as the webview says it. */
export interface PanelPage {
  /** The webview's own origin for a Content Security Policy. */
  readonly cspSource: string;
  readonly script: string;
  readonly styles: string;
  readonly icons: string;
  /** For people; becomes the page's title. */
  readonly title: string;
}

/**
 * The panel's page. Its policy lets in files of the extension and nothing else: no inline script or style, no remote resource, no image,
 * no connection, no frame, no form.
 */
export function panelHtml(page: PanelPage): string {
  const { cspSource } = page;
  const policy = [
    "default-src 'none'",
    `script-src ${cspSource}`,
    `style-src ${cspSource}`,
    `font-src ${cspSource}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escaped(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(page.title)}</title>
<link rel="stylesheet" id="vscode-codicon-stylesheet" href="${escaped(page.icons)}">
<link rel="stylesheet" href="${escaped(page.styles)}">
</head>
<body>
<main id="panel" aria-busy="true" aria-label="${escaped(page.title)}"></main>
<script type="module" src="${escaped(page.script)}"></script>
</body>
</html>
`;
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (mark) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[mark] ?? '');
