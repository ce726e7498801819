/** A person at the page of an approval, with what a browser keeps: signs in, reads, decides. */
export interface Approver {
  readonly page: string;
  readonly status: number;
  send(action: string, reason?: string): Promise<void>;
}

/** Signed in with a key. */
export async function approver(link: string, key: string): Promise<Approver> {
  let cookie = '';
  let last = { page: '', status: 0 };
  const visit = async (body?: URLSearchParams): Promise<void> => {
    const response = await fetch(link, {
      method: body === undefined ? 'GET' : 'POST',
      redirect: 'manual',
      headers: { cookie },
      ...(body === undefined ? {} : { body }),
    });
    cookie = response.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    const page = await response.text();
    if (response.status === 303) return visit();
    last = { page, status: response.status };
  };
  const token = (): string => /name="form" value="([^"]*)"/.exec(last.page)?.[1] ?? '';
  await visit();
  await visit(new URLSearchParams({ form: token(), action: 'enter', credential: key }));
  return {
    get page() {
      return last.page;
    },
    get status() {
      return last.status;
    },
    send: (action, reason = '') => visit(new URLSearchParams({ form: token(), action, reason })),
  };
}
