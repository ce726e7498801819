/**
 * Tools whose input schema is the point: keywords of JSON Schema 2020-12 and a parameter mirrored in a header.
 *
 * Scenarios: `json-schema-2020-12` (SEP-1613, SEP-2106) and `http-custom-header-server-validation` (SEP-2243). Neither is
 * scored, both must survive the way through.
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';
import { saying } from './content-tools.ts';

const CONTACT = z
  .strictObject({
    name: z.string().optional(),
    address: z.unknown().meta({ $ref: '#/$defs/address' }).optional(),
    contactMethod: z.enum(['phone', 'email']).optional(),
    phone: z.string().optional(),
    email: z.string().optional(),
  })
  .meta({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $defs: {
      address: {
        $anchor: 'addressDef',
        type: 'object',
        properties: { street: { type: 'string' }, city: { type: 'string' } },
      },
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    // biome-ignore lint/suspicious/noThenProperty: `then` is a keyword of JSON Schema; nothing awaits this object.
    then: { required: ['phone'] },
    else: { required: ['email'] },
  });

export function registerSchemaTools(server: McpServer): void {
  server.registerTool(
    'json_schema_2020_12_tool',
    { description: 'Tool with JSON Schema 2020-12 features', inputSchema: CONTACT },
    contact => saying(`Received: ${JSON.stringify(contact)}`),
  );
  server.registerTool(
    'test_custom_headers',
    {
      description: 'Has a parameter that clients mirror in a header.',
      inputSchema: { region: z.string().meta({ 'x-mcp-header': 'Region' }) },
    },
    ({ region }) => saying(`Region: ${region}`),
  );
}
