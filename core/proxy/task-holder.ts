/** The prefix of what holds a modern client's task in the session store. It is no session: no `Mcp-Session-Id` names it. */
export const TASK_HOLDER = 'task-';

export const isTaskHolder = (id: string): boolean => id.startsWith(TASK_HOLDER);
