/** Modern `tools/call`s on the wire, one round each: the result, or the text of the error. */
import { META } from '../../../core/protocol/envelope.ts';
import { standardHeaders } from '../../../core/protocol/headers.ts';

type Json = Record<string, unknown>;

export const modernCall =
  (url: string, headers: Record<string, string>, capabilities: Json = { elicitation: {} }) =>
  async (params: Json): Promise<Json> => {
    const _meta = { [META.protocolVersion]: '2026-07-28', [META.clientCapabilities]: capabilities };
    const request = { jsonrpc: '2.0' as const, id: 1, method: 'tools/call', params: { ...params, _meta } };
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        ...standardHeaders(request),
        ...headers,
      },
      body: JSON.stringify(request),
    });
    const text = await response.text();
    const body = JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text);
    return body.result ?? { error: body.error.message };
  };
