const words = (list: string): ReadonlySet<string> => new Set(list.split(/\s+/));

/** Abbreviations after which a sentence always goes on: titles and lead-ins. Inner full stops kept, the last one left out. */
export const leadIns = words(
  'dr mr mrs ms mx prof hon capt sgt gov messrs mme mlle e.g i.e eg cf vs viz approx incl excl resp esp a.k.a w.r.t ft mt ' +
    'hr hrn fr frl fa dipl med jur rer nat dent vet phil habil h.c z.b d.h bzw bspw ggf evtl inkl exkl zzgl abzgl vgl sog bzgl hrsg geb u.u i.d.r i.a m.e s.o s.u v.a gem lt ' +
    'sr sra srta dra d.ª dña ud uds vd vds p.ej p.ex av avda c.-à-d mgr me ' +
    'sig dott avv ing exmo exma dhr mevr bijv d.w.z np tj m.in t.ex bl.a örn bkz ' +
    'т.е напр г ул им см проф акад т.к д-р डॉ प्रो श्री कु',
);

/** Abbreviations that may end a sentence too: only a word that often begins one ends it after them. */
export const looseAbbreviations = words(
  'mio mrd tsd bio ff ee cc dd jj st ste inc ltd corp co jr bros al ed eds dept rd ave blvd ph.d m.d p.m a.m u.a u.ä o.ä n.chr v.chr ee.uu ' +
    'col lt rev sen gen mag es str ca circa vb u.s.w dgl др руб тыс млн млрд гг т.д т.п',
);

/** Abbreviations only before a number: some are words of their own that end sentences. */
export const numberAbbreviations = words(
  'rs tk temp no nos nr nrn núm num n n° nº p pp s z abs ziff rn pos bd tel tél fax ext est approx ca c cap cf gen max min ' +
    'fig figs abb tab sec secs ch chap kap app vol vols eq art arts par para pag pág págs ed op lfd ' +
    'jan feb mar apr jun jul aug sep sept oct nov dec mär okt dez janv févr avr juil déc ene abr ago dic ' +
    'mon tue tues wed thu thur thurs fri sat sun mo di mi do fr sa so ' +
    'стр рис табл гл ст п',
);

/** Of these also before a letter: "Fig. A", "Vol. IV". */
export const letterAbbreviations = words(
  'fig figs abb tab sec secs ch chap kap app vol vols bd eq art arts par',
);

/** Words that often begin a sentence and seldom stand in a name. */
export const sentenceStarters = words(
  'the a an he she it we you they i this that these those there here in on at by if when while for but and or so as to with from ' +
    'after before what why how who where which please no yes our your my his her its their some many most all each every both ' +
    'however then now next also once is are do does did can could will would should let not only ' +
    'der die das ein eine er sie es wir ihr ich im am an auf bei mit nach von zu zum zur für wenn weil da dies diese dieser dieses ' +
    'dann danach aber und oder auch was wer wie wo warum bitte ja nein man alle dort hier jetzt ist sind kann als seit ' +
    'le la les un une il elle on nous vous ils elles je ce cette ces cela dans en pour si mais et ou avec par sur après quand ' +
    'el los las una él ella ellos usted por para y o con este esta esto se hay su sus cuando pero ' +
    'lo gli i uno nel per ma het een de wij zij voor met o os as um uma ele ela em não det den och jeg vi ' +
    'он она оно они мы вы я это в на с и но а если когда как для по из у',
);

/** Months and things that are counted in languages that write "3." for "third". */
export const ordinalNouns = words(
  'januar jänner februar märz april mai juni juli august september oktober november dezember ' +
    'jahrhundert jahrhunderts jahrtausend auflage stock etage stockwerk klasse platz tag tage woche monat monats quartal halbjahr ' +
    'weltkrieg weltkriegs kapitel absatz liga bundesliga runde bezirk geburtstag jahrestag lebensjahr semester schritt mal teil ' +
    'obergeschoss untergeschoss advent klassen instanz person januari februari maart mei augustus desember ' +
    'januára marca januar marts maj juni juli',
);

/** Words before a number that is an ordinal where a full stop follows. */
export const ordinalLeads = words(
  'der die das dem den des am im vom zum zur beim ins jede jeder jedes jeden jedem ihr ihre ihren sein seine seinen mein meine unser unsere',
);
