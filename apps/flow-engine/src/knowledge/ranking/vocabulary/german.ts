import { vocabulary } from './vocabulary.ts';

export const german = vocabulary({
  language: 'german',
  stop: `ich du er wir ihr mich dich sich uns euch mir dir ihm ihnen mein meine meinen meinem meiner meines dein deine
    deinen ihre ihren ihrem ihrer euer eure euren unser unsere unseren unserem kein keine keinen keiner man wer wen wem was
    wann wo wohin woher warum wieso weshalb wie welche welcher welches welchen welchem viel viele wieviel wievielen für über
    als wenn dass daß ob denn doch mal schon noch nur auch so da dann dort hier sehr mehr bin bist seid war waren wäre hatte
    hatten hätte habe hast habt kann kannst könnt können könnte könnten muss musst müsst müssen müsste darf darfst dürfen soll
    sollen sollte will willst wollen möchte möchten würde würden wird worden wurde während bitte danke hallo ja nein
    eigentlich jetzt bereits etwas alle alles jede jeder jedes jeden dieser diese dieses diesem diesen solange gibt gibts
    geht es sie`,
  frame: `mache machen macht tun tut gehen bekomme bekommen bekommt brauche brauchen braucht finde finden findet sagen
    erklären bedeutet bedeuten heißt passiert passieren funktioniert funktionieren möglich helfen hilfe problem frage fragen
    weiß wissen nutzen benutzen verwenden neu neue neuen neues gut richtig genau einfach nötig eigene eigenen`,
  degrees:
    'lange lang hoch groß oft teuer weit schwer alt schnell zwei drei vier fünf sechs sieben acht neun zehn',
  pointers: 'davon damit dafür darauf dabei darin dazu daran dagegen ihn derselbe dasselbe',
  continuation:
    /^\s*(und|oder|aber|dann|auch|okay|ok|was ist mit|wie ist es (mit|bei)|wie sieht es (mit|bei)|warum( nicht)?\??$|wieso\??$|wie\??$|wo\??$|wann\??$)(?!\p{L})/iu,
  synonyms: [
    'passwort kennwort',
    'rechnung beleg quittung',
    'stornieren absagen abbestellen widerrufen stornierung kündigen',
    'zurückgeben zurückschicken rückgabe retoure umtausch umtauschen zurücksenden zurück',
    'liefern lieferung versand versenden verschicken schicken schickt senden zustellen zustellung',
    'preis kosten kostet gebühr',
    'kaputt defekt schaden beschädigt beschädigung',
    'reparieren repariert reparatur',
    'geöffnet offen öffnungszeiten öffnen öffnet auf',
    'geschlossen schließen schließt zu',
    'telefon handy anrufen telefonisch',
    'mail email',
    'kaufen bestellen erwerben kauf',
    'löschen entfernen',
    'ändern bearbeiten anpassen wechseln',
    'anfangen beginnen starten',
    'ende endet enden aufhören beenden danach',
    'auto wagen pkw',
    'job stelle arbeit',
    'geld betrag',
    'gewicht wiegt kg kilo zuladung',
    'dauer dauert dauern',
    'adresse anschrift',
    'mieten leihen ausleihen leihgerät ersatzgerät',
    'rate raten ratenzahlung',
    'anmelden einloggen anmeldung login',
    'parken parkplatz parkplätze',
    'anschauen ansehen',
    'zahlen bezahlen zahlung bezahlung',
  ],
  inflections: [
    'trägt tragen',
    'gilt gelten',
    'nimmt nehmen',
    'fährt fahren',
    'lädt laden',
    'hält halten',
    'kommt kommen',
  ],
});
