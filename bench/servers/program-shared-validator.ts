/**
 * The same program with one validator for all its instances: an option of SDK v1, whose servers otherwise build one each. It
 * is half the cost of a fresh instance.
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv';
import benchProgram from './program.ts';

const jsonSchemaValidator = new AjvJsonSchemaValidator();

export default function benchProgramSharingItsValidator(): McpServer {
  return benchProgram({ jsonSchemaValidator });
}
