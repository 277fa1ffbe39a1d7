import { vocabulary } from './vocabulary.ts';

const none = { frame: '', synonyms: [] };

/** Question words and helpers of languages whose everyday words are left to the stemmer. */
export const others = [
  vocabulary({
    ...none,
    language: 'italian',
    stop: `cosa che quando dove chi come perché quanto quanta quanti quante quale quali posso può potete devo deve vorrei
      mio mia tuo suo nostro vostro questo quello ci ne mi ti vi è sono ho ha avete hanno essere avere fare`,
    pointers: 'questo quello ciò lo ne ci',
    continuation:
      /^\s*(e|o|ma|allora|poi|anche|perché( no)?\s*\??$|come\s*\??$|dove\s*\??$|quando\s*\??$)(?!\p{L})/iu,
  }),
  vocabulary({
    ...none,
    language: 'portuguese',
    stop: `que quando onde quem como porque quanto quanta quantos quantas qual quais posso pode podem devo deve quero
      meu minha seu sua nosso isso este esse é são tenho tem têm ser ter fazer há não`,
    pointers: 'isso isto aquilo ele ela',
    continuation:
      /^\s*(e|ou|mas|então|também|por que( não)?\s*\??$|como\s*\??$|onde\s*\??$|quando\s*\??$)(?!\p{L})/iu,
  }),
  vocabulary({
    ...none,
    language: 'dutch',
    stop: `wat wanneer waar wie hoe waarom welke welk hoeveel kan kunnen moet moeten mag mogen wil willen mijn jouw uw ons
      onze jullie je jij ben bent is zijn heb hebt heeft worden doen`,
    pointers: 'dit dat ervan ermee daarvan daarmee',
    continuation:
      /^\s*(en|of|maar|dan|ook|waarom( niet)?\s*\??$|hoe\s*\??$|waar\s*\??$|wanneer\s*\??$)(?!\p{L})/iu,
  }),
  vocabulary({
    ...none,
    language: 'russian',
    stop: `что когда где кто как почему сколько какой какая какие какое можно могу может нужно надо хочу мой моя мне вы вас
      вам есть ли это быть у меня`,
    pointers: 'это этот эта его её их него ним',
    continuation: /^\s*(а|и|или|но|тогда|ещё|почему\s*\??$|как\s*\??$|где\s*\??$|когда\s*\??$)(?!\p{L})/iu,
  }),
  vocabulary({
    ...none,
    language: 'thai',
    stop: `ที่ ใน ของ และ เป็น มี ได้ ไหม อะไร เมื่อไหร่ เมื่อไร เท่าไหร่ เท่าไร อย่างไร ยังไง ไหน กี่ ครับ ค่ะ คะ นี้ นั้น จะ ให้ กับ หรือ ไม่ การ
      ต้อง สามารถ ผม ฉัน คุณ เรา`,
    pointers: 'นี้ นั้น มัน',
    continuation: /^\s*(และ|แล้ว|หรือ|แต่)/u,
  }),
] as const;
