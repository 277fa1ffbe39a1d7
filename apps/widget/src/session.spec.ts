import { Outbox } from './outbox.ts';
import { Refused, SessionKeeper } from './session.ts';

type Store = 'localStorage' | 'sessionStorage';
const before = { fetch: globalThis.fetch };
let requests: { visitorToken?: string; language?: string }[] = [];
let opened = 0;

/** Stands in for the browser's storage; null: it is blocked, as in a sandboxed frame. */
function provide(store: Store, values: Map<string, string> | null): void {
  const storage = {
    getItem: (key: string) => values?.get(key) ?? null,
    setItem: (key: string, value: string) => void values?.set(key, value),
    removeItem: (key: string) => void values?.delete(key),
  };
  Object.defineProperty(globalThis, store, {
    configurable: true,
    get: () => {
      if (!values) throw new DOMException('Access is denied for this document.', 'SecurityError');
      return storage;
    },
  });
}

/** Plays the gateway: it takes tokens that it has issued, and answers 400 to what is none. */
function answer(configuration: object = {}): void {
  globalThis.fetch = ((_url: string, { body }: { body: string }) => {
    const request = JSON.parse(body) as { visitorToken?: string };
    requests.push(request);
    const { visitorToken } = request;
    if (visitorToken?.startsWith('broken')) return Promise.resolve(new Response('{}', { status: 400 }));
    opened += 1;
    const session = {
      visitorToken: visitorToken ?? `token-${opened}`,
      configuration,
      expiresAt: '2999-01-01',
    };
    return Promise.resolve(new Response(JSON.stringify(session), { status: 201 }));
  }) as typeof fetch;
}

beforeEach(() => {
  requests = [];
  opened = 0;
  answer();
});

afterAll(() => {
  globalThis.fetch = before.fetch;
});

describe('A visitor', () => {
  const keeper = (): SessionKeeper => new SessionKeeper('https://parley.example', 'chan_1');

  it('is the same one behind a reload', async () => {
    provide('localStorage', new Map());
    await keeper().open();
    await keeper().open();
    expect(requests).toEqual([{}, { visitorToken: 'token-1' }]);
  });

  it.each([
    ['is blocked', null],
    [
      'is full',
      Object.assign(new Map<string, string>(), {
        set: () => {
          throw new DOMException('', 'QuotaExceededError');
        },
      }),
    ],
  ])('stays the same one for the visit where storage %s', async (_why, values) => {
    provide('localStorage', values);
    const session = keeper();
    await session.open();
    session.renew();
    expect(await session.token()).toBe('token-1');
    await session.open();
    expect(requests.map(({ visitorToken }) => visitorToken)).toEqual([undefined, 'token-1', 'token-1']);
  });

  it.each(['broken token', 'broken'.repeat(400), 'brokené', ''])(
    'goes on as a new one with a stored %j',
    async (stored) => {
      provide('localStorage', new Map([['parley:chan_1', stored]]));
      expect((await keeper().open()).visitorToken).toBe('token-1');
      expect(requests).toEqual([{}]);
    },
  );

  it('goes on as a new one where the server cannot read the token', async () => {
    const values = new Map([['parley:chan_1', 'broken-token']]);
    provide('localStorage', values);
    expect((await keeper().open()).visitorToken).toBe('token-1');
    expect(values.get('parley:chan_1')).toBe('token-1');
  });

  it('is shared by tabs that were opened before the first session', async () => {
    provide('localStorage', new Map());
    const [first, second] = [keeper(), keeper()];
    await first.open();
    expect((await second.open()).visitorToken).toBe('token-1');
  });

  it('is told apart from a refusal', async () => {
    provide('localStorage', null);
    globalThis.fetch = () => Promise.resolve(new Response('{}', { status: 403 }));
    await expect(keeper().open()).rejects.toThrow(Refused);
  });

  it.each([429, 500, 503])('may try again after %s', async (status) => {
    provide('localStorage', null);
    globalThis.fetch = () => Promise.resolve(new Response('{}', { status }));
    await expect(keeper().open()).rejects.not.toThrow(Refused);
  });
});

describe('The look of the last visit', () => {
  it('is shown before the session is open, as far as it is well-formed', async () => {
    const values = new Map<string, string>();
    provide('localStorage', values);
    const configuration = { position: 'left', title: 'Ada', customTheme: { primaryColor: '#0a7' } };
    answer({ ...configuration, more: 1 });
    await new SessionKeeper('https://parley.example', 'chan_1').open();
    expect(new SessionKeeper('https://parley.example', 'chan_1').lastConfiguration()).toEqual(configuration);
    for (const broken of [
      '{',
      'null',
      '[]',
      '"x"',
      '{"position":"top","title":7,"customTheme":{"primaryColor":"red;"}}',
    ]) {
      values.set('parley:chan_1:look', broken);
      expect(new SessionKeeper('https://parley.example', 'chan_1').lastConfiguration()).toEqual({});
    }
  });
});

describe('Messages on their way', () => {
  const post = { id: 'a', text: 'Hello', conversationId: null };

  it.each([
    ['broken JSON', '[{'],
    ['no list', '{"id":"a"}'],
    ['strange entries', '[1,null,"x",{"id":1,"text":"x"},{"id":"b","text":" ","conversationId":null}]'],
  ])('are none with %s in the storage', (_what, stored) => {
    provide('sessionStorage', new Map([['parley:chan_1:unsent', stored]]));
    expect(new Outbox('chan_1').all()).toEqual([]);
  });

  it('survive a reload, also where the page changes how arrays become JSON', () => {
    provide('sessionStorage', new Map());
    Object.defineProperty(Array.prototype, 'toJSON', { value: () => 'an array', configurable: true });
    try {
      new Outbox('chan_1').add(post);
    } finally {
      Reflect.deleteProperty(Array.prototype, 'toJSON');
    }
    expect(new Outbox('chan_1').all()).toEqual([post]);
  });

  it('are sent within the visit where storage is blocked', () => {
    provide('sessionStorage', null);
    const outbox = new Outbox('chan_1');
    outbox.add(post);
    expect(outbox.all()).toEqual([post]);
    outbox.remove('a');
    expect(outbox.all()).toEqual([]);
  });
});
