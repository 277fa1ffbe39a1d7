import { corpusOf } from './corpus.ts';

/** An invented bicycle shop. */
export const german = corpusOf(
  'German',
  [
    [
      'oeffnungszeiten',
      'Öffnungszeiten und Anfahrt',
      `
# Öffnungszeiten und Anfahrt

Unser Laden in der Lindenstraße 12 ist dienstags bis freitags von 10 bis 19 Uhr geöffnet, samstags von 9 bis 14 Uhr. Sonntags und montags ist geschlossen. Zwischen Weihnachten und Neujahr machen wir Betriebsferien.

## Anfahrt

Mit der Straßenbahn fahren Sie bis zur Haltestelle Lindenplatz, Linien 3 und 8. Im Hof gibt es vier Parkplätze, die Einfahrt liegt in der Gartengasse.
`,
    ],
    [
      'rueckgabe',
      'Rückgabe und Umtausch',
      `
# Rückgabe und Umtausch

Unbenutzte Ware nehmen wir innerhalb von 30 Tagen zurück. Bitte legen Sie den Kassenbon oder die Bestellbestätigung bei. Das Geld überweisen wir binnen zehn Tagen auf das Konto, von dem bezahlt wurde.

## Was nicht umgetauscht wird

Helme, Radhosen und Sonderanfertigungen sind vom Umtausch ausgeschlossen, sobald die Verpackung geöffnet wurde.
`,
    ],
    [
      'versand',
      'Versand und Lieferung',
      `
# Versand und Lieferung

Zubehör verschicken wir mit der Post, die Lieferung dauert zwei bis vier Werktage. Der Versand kostet 4,90 €; ab einem Bestellwert von 60 € ist er kostenlos. Fahrräder liefert eine Spedition für 39 € bis zur Bordsteinkante.

## Ausland

Wir liefern auch nach Österreich und Luxemburg. In die Schweiz versenden wir wegen der Zollformalitäten nicht.
`,
    ],
    [
      'zahlung',
      'Zahlungsarten',
      `
# Zahlungsarten

Im Laden zahlen Sie bar, mit Girokarte oder Kreditkarte. Im Onlineshop nehmen wir Überweisung, PayPal und Lastschrift an. Ratenzahlung ist ab 500 € möglich, die Laufzeit beträgt 6, 12 oder 24 Monate.

## Gutscheine

Gutscheine gelten drei Jahre und lassen sich nicht auszahlen.
`,
    ],
    [
      'rechnung',
      'Rechnungen',
      `
# Rechnungen

Die Rechnung kommt als PDF mit der Versandbestätigung per E-Mail. Firmenkunden tragen ihre Umsatzsteuer-Identifikationsnummer im Kundenkonto ein. Eine verlorene Rechnung stellt die Buchhaltung unter buchhaltung@radhaus.example noch einmal aus; dafür braucht sie die Bestellnummer.
`,
    ],
    [
      'garantie',
      'Garantie und Gewährleistung',
      `
# Garantie und Gewährleistung

Auf den Rahmen geben wir zehn Jahre Garantie, auf Anbauteile zwei Jahre. Verschleißteile wie Kette, Bremsbeläge und Reifen sind davon ausgenommen. Die Garantie erlischt, wenn der Motor getunt wurde.

## Einen Schaden melden

Fotografieren Sie den Schaden und die Rahmennummer und schicken Sie beides an garantie@radhaus.example.
`,
    ],
    [
      'werkstatt',
      'Werkstatt und Inspektion',
      `
# Werkstatt und Inspektion

Eine große Inspektion kostet 89 €, eine kleine 49 €. Termine vergeben wir telefonisch unter 0341 2204 oder im Kundenkonto; im Frühjahr beträgt die Wartezeit bis zu drei Wochen. Einen platten Reifen flicken wir ohne Anmeldung, meist innerhalb einer Stunde.

Während der Reparatur können Sie für 12 € am Tag ein Leihrad bekommen.
`,
    ],
    [
      'akku',
      'Akku und Laden',
      `
# Akku und Laden

Der Akku Volt 500 hat eine Reichweite von 90 Kilometern und ist nach vier Stunden voll geladen. Laden Sie ihn zwischen 10 und 25 Grad. Wer das Rad im Winter nicht benutzt, lagert den Akku bei halber Ladung trocken und frostfrei.

## Fehlercode E-17

Blinkt die Anzeige rot und zeigt E-17, ist der Akku zu heiß. Nehmen Sie ihn vom Ladegerät und warten Sie eine halbe Stunde.
`,
    ],
    [
      'leasing',
      'Dienstrad-Leasing',
      `
# Dienstrad-Leasing

Arbeitgeber können über uns Diensträder leasen. Der Vertrag läuft 36 Monate. Danach kann die Mitarbeiterin das Rad für 18 Prozent des Kaufpreises übernehmen oder zurückgeben. Die Versicherung gegen Diebstahl ist in der monatlichen Rate enthalten.
`,
    ],
    [
      'groesse',
      'Die richtige Rahmengröße',
      `
# Die richtige Rahmengröße

Messen Sie die Schrittlänge in Zentimetern und multiplizieren Sie sie mit 0,66: Das ergibt die Rahmenhöhe eines Trekkingrads. Für Kinder unter 1,20 m empfehlen wir Räder mit 20 Zoll.

| Körpergröße | Rahmen |
|---|---|
| 155–165 cm | 48 cm |
| 165–175 cm | 52 cm |
| 175–185 cm | 56 cm |
`,
    ],
    [
      'lastenrad',
      'Lastenrad Kiste 200',
      `
# Lastenrad Kiste 200

Das Lastenrad Kiste 200 (Artikelnummer LR-4420-B) trägt bis zu 200 kg Zuladung und wiegt selbst 48 kg. In der Box haben drei Kinder Platz. Der Motor unterstützt bis 25 km/h. Es kostet 4.990 € und ist in Blau und Anthrazit lieferbar.
`,
    ],
    [
      'vermietung',
      'Fahrräder mieten',
      `
# Fahrräder mieten

Ein Tourenrad kostet 18 € am Tag, ein Elektrorad 35 €. Bei der Abholung hinterlegen Sie eine Kaution von 150 € und zeigen den Personalausweis. Wer später als 18 Uhr zurückkommt, zahlt einen weiteren Tag.

Eine Buchung können Sie bis 24 Stunden vorher kostenlos stornieren.
`,
    ],
    [
      'pflege',
      'Kette und Reifen pflegen',
      `
# Kette und Reifen pflegen

Reinigen Sie die Kette alle 300 Kilometer mit einem trockenen Lappen und geben Sie danach einen Tropfen Öl auf jedes Glied. Der Hochdruckreiniger schadet den Lagern. Der Reifendruck steht auf der Flanke; bei Tourenreifen sind es meist 4 bar.
`,
    ],
    [
      'konto',
      'Kundenkonto',
      `
# Kundenkonto

Im Kundenkonto sehen Sie Bestellungen und Werkstatttermine. Haben Sie Ihr Kennwort vergessen, fordern Sie auf der Anmeldeseite ein neues an; der Link gilt zwei Stunden. Unter „Einstellungen“ können Sie das Konto löschen, Rechnungen bewahren wir dann noch zehn Jahre auf.
`,
    ],
    [
      'karriere',
      'Ausbildung und Stellen',
      `
# Ausbildung und Stellen

Wir bilden Zweiradmechatroniker aus, die Ausbildung beginnt am 1. September. Bewerbungen nimmt Frau Yıldız unter jobs@radhaus.example entgegen. Schülerpraktika dauern zwei Wochen.
`,
    ],
  ],
  {
    direct: [
      ['Wann ist der Laden samstags geöffnet?', 'oeffnungszeiten', '9 bis 14'],
      ['Wie lange dauert die Lieferung von Zubehör?', 'versand', 'zwei bis vier'],
      ['Was kostet eine große Inspektion?', 'werkstatt', '89'],
      ['Wie lange gelten Gutscheine?', 'zahlung', 'drei Jahre'],
      ['Welche Reichweite hat der Akku Volt 500?', 'akku', '90'],
      ['Was bedeutet der Fehlercode E-17?', 'akku', 'zu heiß'],
      ['Wie hoch ist die Kaution, wenn ich ein Fahrrad miete?', 'vermietung', '150'],
      ['Wie viele Jahre Garantie gibt es auf den Rahmen?', 'garantie', 'zehn Jahre'],
    ],
    reworded: [
      ['Kann ich einen Helm zurückgeben, den ich schon ausgepackt habe?', 'rueckgabe', 'ausgeschlossen'],
      ['Schickt ihr Pakete auch nach Zürich in die Schweiz?', 'versand', 'Schweiz'],
      ['Darf ich in Raten zahlen?', 'zahlung', 'Ratenzahlung'],
      ['Ich finde meine Rechnung nicht mehr, bekomme ich eine neue?', 'rechnung', 'noch einmal'],
      ['Wie viel Gewicht darf ich in das LR-4420-B laden?', 'lastenrad', '200 kg'],
      ['Was passiert mit dem Dienstrad, wenn der Leasingvertrag endet?', 'leasing', '18 Prozent'],
      ['Ich habe mein Passwort vergessen', 'konto', 'Kennwort'],
    ],
    heldOutDirect: [
      ['Wie oft soll ich die Kette reinigen?', 'pflege', '300'],
      ['Wann beginnt die Ausbildung?', 'karriere', 'September'],
    ],
    heldOutReworded: [
      ['Muss ich etwas zahlen, wenn ich eine Mietbuchung absage?', 'vermietung', 'stornieren'],
      ['Welche Rahmenhöhe brauche ich bei 170 cm?', 'groesse', '52|0,66'],
      ['Bekomme ich ein Ersatzrad, solange mein Rad repariert wird?', 'werkstatt', 'Leihrad'],
    ],
    unanswerable: [
      'Verkauft ihr auch gebrauchte Motorräder?',
      'Wie melde ich mich vom Newsletter ab?',
      'Gibt es im Laden ein Café?',
      'Wer hat die Tour de France 2019 gewonnen?',
      'Wie wird das Wetter morgen in Leipzig?',
      'Welche Farbe hat der Helm Aero X?',
      'Bietet ihr Radreisen nach Italien an?',
    ],
    heldOutUnanswerable: [
      'Wie hoch ist die Mehrwertsteuer in Spanien?',
      'Kann man bei euch Skier wachsen lassen?',
      'Habt ihr einen Kinderspielplatz?',
    ],
  },
);
