// Die Wörter der Seiten auf Deutsch.

import type { Words } from './speech.ts'

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

export const de: Words = {
  common: {
    cancel: 'Abbrechen', working: 'Läuft …', close: 'Schließen', change: 'Ändern', changeMore: 'Ändern …', set: 'Festlegen', tryAgain: 'Noch einmal versuchen', actions: 'Aktionen', share: 'Anteil', back: 'Zurück',
    wentWrong: 'Auf dieser Seite ist etwas schiefgegangen', loading: 'Lädt', loadingMore: 'Lädt …', more: 'Mehr anzeigen', newer: 'Neuere sind da: nach oben', copy: 'Kopieren', copied: 'Kopiert', justNow: 'gerade eben', never: 'nie', none: '–', yes: 'ja',
    request: (id) => `Anfrage ${id}`, copyId: (id) => `${id} kopieren`, exactly: (text) => `genau ${text}`, and: (words) => words.join(' und '),
    unreachable: 'Keine Antwort', unreachableDetail: 'Tollgate ist nicht erreichbar. Nichts wurde geändert; diese Seite versucht es von selbst wieder.',
  },
  live: { live: 'Live', connecting: 'Verbindet', offline: 'Offline', liveTitle: 'Änderungen erscheinen von selbst.', connectingTitle: 'Die Live-Verbindung wird aufgebaut.', offlineTitle: 'Die Live-Verbindung ist unterbrochen; sie geht lückenlos weiter, wo sie war.' },
  chart: {
    chart: 'Diagramm', table: 'Tabelle', time: 'Zeit', nothing: 'nichts', asTable: (label) => `${label}, als Tabelle`,
    help: ({ label, count, opens, chooses, zooms }) => `${label}: Diagramm mit ${count} Zeitpunkten. Die Pfeiltasten lesen sie einzeln vor${opens ? ', Eingabe öffnet einen' : ''}${chooses ? ', Umschalt wählt mehrere' : ''}${zooms ? ', Minus zoomt heraus' : ''}; die Tabelle enthält alle.`,
  },
  frame: {
    title: 'Nutzung und Guthaben', pages: 'Seiten', opening: 'Die Seite wird geöffnet', ended: 'Dieser Link ist abgelaufen', endedDetail: 'Öffnen Sie die Seite noch einmal dort, wo Sie hergekommen sind: Jeder Link gilt nur begrenzte Zeit, damit niemand sonst ihn benutzen kann.',
    overview: 'Übersicht', usage: 'Nutzung', activity: 'Aktivität', credits: 'Guthaben', limits: 'Limits', invoice: 'Rechnung', plans: 'Tarife',
    timesIn: (zone) => `Zeiten in ${zone}`, localTimes: 'Ortszeit',
  },
  overview: {
    standing: 'Ihr Stand', balance: 'Guthaben', used: 'In dieser Periode verbraucht', usedNote: 'Gebühren und Nutzung bisher', due: 'Am Ende fällig', dueNote: 'nach Guthaben, Stand jetzt', plan: 'Tarif', until: (day) => `bis ${day}`,
    limits: 'Freimengen und Limits', limitsNote: 'Die Zahlen enthalten, was abgerechnet ist; was gerade läuft, folgt innerhalb einer Sekunde.', noLimits: 'Nur Ihr Guthaben begrenzt die Nutzung',
    notUsed: 'in der letzten Woche nicht genutzt', runwayYear: 'reicht bei diesem Tempo länger als ein Jahr', runwayDay: 'reicht bei diesem Tempo keinen Tag', runway: (days) => `reicht bei diesem Tempo etwa ${plural(days, 'Tag', 'Tage')}`,
    period: 'Abrechnungsperiode', periodGone: 'Teil der Periode, der vorbei ist', daysLeft: (days) => `noch ${plural(days, 'Tag', 'Tage')}`, compare: 'Tarife vergleichen', addCredits: 'Guthaben aufladen',
  },
  usage: {
    usage: 'Nutzung', usageIn: (time) => `Nutzung, ${time}`, note: 'Gebuchte Nutzung: Sie ändert sich nie, sie wächst nur.', zoomOut: '← Herauszoomen', compare: 'Vergleichen', compareTitle: 'Neben der gleich langen Zeit davor.', before: 'davor', timeBefore: 'der Zeit davor', figure: 'Größe', charges: 'Kosten', events: 'Ereignisse', group: 'Gruppe', time: 'Zeit',
    byModel: 'Nach Modell', byFeature: 'Nach Funktion', byTeam: 'Nach Team oder Person', byCustomer: 'Nach Kunde', byDay: 'Nach Tag',
    spans: { '24h': 'Letzte 24 Stunden', '7d': 'Letzte 7 Tage', '30d': 'Letzte 30 Tage', '90d': 'Letzte 90 Tage' }, spansBefore: { '24h': 'den 24 Stunden davor', '7d': 'den 7 Tagen davor', '30d': 'den 30 Tagen davor', '90d': 'den 90 Tagen davor' },
    none: 'Keine Nutzung in dieser Zeit', noneDetail: 'Sie erscheint hier innerhalb einer Sekunde nach der ersten Anfrage.', by: ({ figure, group }) => `${figure} nach ${group}`, usageBy: (group) => `Nutzung nach ${group} und Zähler`,
    byWhat: 'Wofür', model: 'Modell', feature: 'Funktion', entity: 'Team oder Person', customer: 'Kunde', day: 'Tag', meter: 'Zähler', quantity: 'Menge', charge: 'Betrag', sum: 'Summe', others: 'andere', noModel: 'kein Modell', noFeature: 'keine Funktion', noTeam: 'kein Team',
  },
  compare: { none: (than) => `nichts in ${than}`, noneEither: (than) => `auch nichts in ${than}`, as: (than) => `wie in ${than}`, more: 'mehr', less: 'weniger', than: (than) => `als in ${than}` },
  breakdown: {
    title: 'Woraus es besteht', note: 'Die Beträge der Nutzung dieser Periode; zusammen ergeben sie die Nutzung auf der Rechnung. Ein Klick auf eine Zeile oben zeigt die Ereignisse selbst.', none: 'Noch keine Nutzung in dieser Periode', label: 'Beträge der Periode', used: 'Verbraucht', charged: 'Berechnet', together: 'Zusammen', notStated: 'nicht angegeben',
  },
  events: {
    title: 'Jedes berechnete Ereignis mit seinem Betrag', none: 'Hier gibt es noch keine Ereignisse', noneDetail: 'Sie erscheinen innerhalb einer Sekunde nach der Abrechnung.', label: 'Nutzungsereignisse', time: 'Zeit', model: 'Modell oder Art', feature: 'Funktion', used: 'Verbraucht', cost: 'Einkauf', charge: 'Betrag', details: 'Einzelheiten',
    estimated: 'geschätzt', estimatedTitle: 'Von uns gezählt, weil der Anbieter keine Nutzung gemeldet hat.', detailsOf: (time) => `Einzelheiten des Ereignisses vom ${time}`, how: 'Wie der Betrag zustande kommt', price: 'Preis', included: 'Enthalten', before: 'Vorher', beforeTitle: 'Berechnete Menge der Periode vor diesem Ereignis', isIncluded: 'enthalten',
    paid: 'Bezahlt', nothingDue: 'nichts war fällig', fromCredits: (block) => `aus Guthaben ${block}`, onInvoice: 'auf der Rechnung', owed: 'offen', ratedBy: (version) => `Berechnet nach Version ${version} der Preisliste.`, what: 'Was verbraucht wurde', run: 'Lauf', entity: 'Einheit', event: 'Ereignis', providerCost: 'Kosten des Anbieters',
    export: 'Als CSV exportieren', read: (count) => `${count} gelesen`, stop: 'Anhalten',
  },
  lines: {
    verify: 'Zeile für Zeile nachrechnen', same: 'nachgerechnet, stimmt überein', differs: 'weicht vom berechneten Betrag ab', underPlan: (plan) => `im Tarif ${plan}`, excluded: (reason) => `nicht berechnet wegen ${reason}`, notPriced: 'ohne Preis', on: (meter) => `auf ${meter}`,
    tier: (tier) => ` der Stufe ${tier}`, at: (price) => `zu ${price}`, each: ' je Einheit', per: (units) => ` je ${units}`, rate: (rate) => `zum Kurs ${rate}`,
  },
  verify: {
    title: 'Prüfen', note: 'Jede Buchung trägt eine Prüfsumme über sich und die Buchung davor, und das Ende dieser Kette wird täglich signiert. Ihr Browser rechnet alles neu nach.', now: 'Jetzt prüfen', checked: (count) => `${count} geprüft`,
    idle: 'Was gebucht ist, kann nicht geändert, weggelassen oder ergänzt werden, ohne dass es hier auffällt.', idleCommand: 'tut dasselbe ohne diese Seite.', broken: 'nicht wie gebucht', good: 'geprüft',
    found: ({ count, text }) => `${text} ${count === 1 ? 'Buchung' : 'Buchungen'}: Nichts wurde geändert, weggelassen oder ergänzt.`, unsigned: 'Der erste Prüfpunkt wird innerhalb eines Tages signiert.',
    signed: ({ to, count }) => `Signiert bis Buchung ${to}, mit ${plural(count, 'Prüfpunkt', 'Prüfpunkten')}.`, key: (id) => `Schlüssel ${id}:`, noTls: 'Diese Seite wurde ohne TLS geöffnet, und dort hat ein Browser keine Kryptografie: Öffnen Sie sie über https oder verwenden Sie tollgate verify.',
    gap: ({ after, next }) => `Auf Buchung ${after} folgt ${next}: Etwas wurde weggelassen oder eingefügt.`, changed: ({ position, id }) => `Buchung ${position} (${id}) ist nicht, was gebucht wurde.`,
    unfit: (position) => `Der signierte Prüfpunkt bei Buchung ${position} passt nicht.`, gone: (position) => `Bei Buchung ${position} wurde ein Prüfpunkt signiert, aber sie ist nicht mehr da.`,
  },
  credits: {
    title: 'Guthaben', forFeatures: (list) => `Für ${list}`, forFeaturesNote: 'wird vor dem übrigen Guthaben verbraucht, nur hierfür', paysFor: 'Zahlt für', balance: 'Stand', balanceNote: 'was Ihre Anfragen jetzt verbrauchen können', assetNote: 'für einen Tarif mit Preisen in dieser Einheit', owed: 'Offen', owedNote: 'wird vom nächsten Guthaben zuerst beglichen', blocks: 'Guthaben und wann es verfällt', blocksNote: 'Was zuerst verfällt, wird zuerst verbraucht.', none: 'Noch kein Guthaben', addFirst: 'Das erste hinzufügen:',
    label: 'Guthabenposten', added: 'Hinzugefügt', kind: 'Art', left: 'Rest', of: 'Von', shareLeft: 'Verbleibender Anteil', leftOf: (id) => `Rest von ${id}`, expires: 'Verfällt', ended: 'abgelaufen', endedTitle: 'Es zahlt noch, was vor dem Ablauf zugelassen wurde, bis das abgerechnet ist.',
  },
  buy: {
    title: 'Guthaben aufladen', notSold: 'Guthaben fügt hinzu, wer diesen Dienst betreibt. Es zählt von dem Moment an, in dem es hinzugefügt wird.', note: 'Bezahlt auf der Seite des Zahlungsanbieters; es zählt, sobald die Zahlung gelingt.', noteReader: 'Jemand mit Verwaltungsrechten kann es kaufen.', amount: (asset) => `Guthaben in ${asset}`, ofItTax: 'davon', tax: 'Steuer', onTop: 'zusätzlich', opening: 'Öffnet …', buy: 'Kaufen',
    purchases: 'Käufe', purchasesNote: 'Guthaben wird einmal gutgeschrieben, wenn die Zahlung gelungen ist.', when: 'Wann', why: 'Warum', state: 'Status', credits: 'Guthaben', paid: 'Bezahlt', byItself: 'von selbst aufgefüllt', bought: 'gekauft',
  },
  recharge: {
    title: 'Füllt sich selbst auf', note: 'Kauft Guthaben nach, wenn der Stand fällt: immer nur einen Kauf auf einmal und nie über Ihre Grenze.', switchOn: 'Einschalten …', switchOff: 'Ausschalten', off: 'Aus: Ist das Guthaben verbraucht, werden Anfragen abgelehnt, bis jemand auflädt.', on: 'an', stopped: 'angehalten',
    atOrBelow: 'Bei höchstens', buys: 'kauft es', upTo: 'bis', atMost: ', höchstens für', aMonth: 'im Monat', stoppedAt: 'Angehalten', stoppedWhy: (reason) => `weil Zahlungen fehlschlugen: ${reason}. Legen Sie die Regel neu fest, damit es weitergeht.`,
    dialog: 'Guthaben selbst auffüllen lassen', lead: 'Die hinterlegte Karte wird belastet, wenn der Stand auf die Schwelle fällt. Nach drei fehlgeschlagenen Zahlungen hält die Regel an.', submit: 'Einschalten', threshold: (asset) => `Schwelle in ${asset}`, most: 'Höchstens im Monat, ohne Steuer', mostHint: 'Leer: keine Grenze.', what: 'Gekauft wird', same: 'immer gleich viel', fill: 'was bis zum Ziel fehlt', amount: 'Guthaben je Kauf', target: 'Stand, bis zu dem aufgefüllt wird',
  },
  notices: {
    title: 'Wann Sie es erfahren', note: 'Über Ihre Webhooks, den Live-Strom und per E-Mail an alle, die unter Limits stehen; einmal bei jedem Unterschreiten.', never: 'Nie: Niemand hat einen Stand oder eine Zahl von Tagen festgelegt.', when: 'wenn', orLess: 'oder weniger übrig sind', daysBefore: (days) => `${plural(days, 'Tag', 'Tage')} bevor Guthaben verfällt`,
    lead: 'Neben dem, was der Betreiber festgelegt hat; das bleibt.', balances: (asset) => `Bei einem Stand von, in ${asset}`, balancesHint: 'Mehrere mit Komma getrennt, etwa 10, 2.', days: 'Tage vor dem Verfall', daysHint: 'Etwa 7, 1.',
  },
  redeem: { title: 'Code einlösen', note: 'Er gilt von dem Moment an, in dem er angenommen ist.', code: 'Gutscheincode', redeem: 'Einlösen', taken: 'Er wurde angenommen und gilt.' },
  limits: {
    title: 'Limits', note: 'Das strengste, das auf eine Anfrage zutrifft, entscheidet.', stopAll: 'Alles anhalten …', setCap: 'Eigene Grenze setzen', none: 'Es sind keine Limits gesetzt', noneAdmin: 'Eine eigene Grenze hält die Ausgaben bei einem Betrag an, den Sie bestimmen.', noneReader: 'Jemand mit Verwaltungsrechten kann eine Grenze setzen.', members: 'Mitglieder', remove: 'Entfernen', everything: 'alles',
    softTitle: 'Lässt durch und meldet.', meteredTitle: 'Zählt nur.', observed: 'nur beobachtet', observedTitle: 'Wird entschieden, aufgezeichnet und gezeigt, aber nichts wird abgelehnt.', byCustomer: 'vom Kunden gesetzt', each: (who) => `je ${who}`, forEntity: (name) => `für ${name}`, of: 'von', used: (share) => `${share} verbraucht`, usedOf: ({ name, share }) => `${name}: ${share} verbraucht`,
    overBy: 'überschritten um', left: 'übrig', held: 'von Gateways bereitgehalten', startsAnew: 'beginnt neu am', usedUp: 'aufgebraucht', atPace: 'beim Tempo der letzten zehn Minuten', cameOver: 'von vorher übernommen', worstCase: 'schlimmstenfalls überschritten um', features: (list) => `für ${list}`, counts: (list) => `zählt ${list}`,
  },
  members: {
    title: (name) => `${name}: die Mitglieder`, lead: 'Jedes hat', unless: ', solange hier nichts anderes festgelegt ist.', none: 'Niemand hat es in dieser Periode genutzt', label: 'Mitglieder', member: 'Mitglied', used: 'Verbraucht', of: 'Von', common: 'Das gemeinsame Limit', joined: 'Mit Komma getrennt.', itsId: 'Die Kennung.', limitIn: (unit) => `Limit in ${unit}`, set: 'Eigenes Limit setzen', unused: 'noch nicht genutzt',
    has: 'hat von jetzt an', fromNow: '.', usedOf: ({ name, share }) => `${name}: ${share} verbraucht`,
  },
  cap: {
    setTitle: 'Grenze setzen', changeTitle: (name) => `${name} ändern`, lead: 'Gilt auf jedem Gateway, sobald dies antwortet: Was nicht passt, wird angehalten, bevor es etwas kostet.', name: 'Bezeichnung', nameHint: 'Wird Menschen gezeigt.', idWillBe: 'Die Kennung wird', idIs: 'Die Kennung ist', limitNew: 'Limit, in der Währung des Tarifs', window: 'Zeitraum', appliesTo: 'Gilt für', everything: 'Alles', limitIs: 'Das Limit gilt', all: 'für alle zusammen', each: 'für jede Person', exhausted: 'Wenn es aufgebraucht ist', doesNotFit: 'Eine Anfrage, die nicht passt', otherModel: 'Modell, das stattdessen benutzt wird',
    hard: 'Ablehnen, was nicht passt', soft: 'Durchlassen und melden', metered: 'Nur zählen', deny: 'Ablehnen', clamp: 'Die Antwort kürzen, bis sie passt', fallback: 'Ein anderes Modell benutzen', overage: 'Weitermachen und bezahlen', told: 'Gemeldet – im Live-Strom, an Webhooks und per E-Mail – bei einem Verbrauch von', observe: 'Nur beobachten: entschieden, aufgezeichnet und gezeigt, aber nichts wird abgelehnt',
  },
  mail: {
    title: 'Wer per E-Mail benachrichtigt wird', note: 'Wenn ein Limit zu einem Anteil verbraucht ist und wenn Guthaben zur Neige geht oder verfällt. Jede Adresse bestätigt zuerst.', notSet: 'Wer diesen Dienst betreibt, hat keinen Mailserver eingerichtet: Noch wird niemand per E-Mail benachrichtigt.', none: 'Noch wird niemand per E-Mail benachrichtigt', noneDetail: 'Fügen Sie eine Adresse hinzu, dann wird sie gefragt.', add: 'Jemanden hinzufügen', label: 'Personen, die benachrichtigt werden', email: 'Adresse', shares: 'Bei', budgets: 'Von', credits: 'Guthaben', state: 'Status', allBudgets: 'jedem Limit', askAgain: 'Noch einmal fragen', remove: 'Entfernen',
    waiting: 'gefragt', confirmed: 'bestätigt', left: 'abgemeldet', refused: 'abgewiesen', dialogAdd: 'Jemanden per E-Mail benachrichtigen', dialogChange: (email) => `Was ${email} erfährt`, lead: 'Die Adresse bekommt eine Frage und nichts weiter, bis sie zustimmt.', emailHint: 'Jemand von Ihnen oder eine Liste.', when: 'Bei einem Verbrauch von', ofWhat: 'Von welchen Limits', creditsToo: 'Auch wenn Guthaben zur Neige geht oder verfällt', language: 'Sprache', ofCustomer: 'wie diese Seite', submitAdd: 'Die Adresse fragen', asked: (email) => `${email} wurde gefragt und wird benachrichtigt, sobald es bestätigt ist.`,
  },
  link: {
    confirmTitle: 'Hinweise per E-Mail', confirmLead: 'Jemand möchte, dass diese Adresse benachrichtigt wird, wenn Limits und Guthaben zur Neige gehen.', confirm: 'Ja, benachrichtigen', confirmed: ({ email, customer }) => `${email} erhält von jetzt an Hinweise zu ${customer}. In jeder Nachricht steht ein Link, der sie beendet.`, leaveTitle: 'Keine Hinweise mehr', leaveLead: 'Diese Adresse erhält keine Nachrichten mehr über Limits und Guthaben.', leave: 'Abmelden', left: ({ email, customer }) => `${email} erhält keine Nachrichten mehr zu ${customer}.`, broken: 'Dieser Link ist nicht vollständig', brokenDetail: 'Öffnen Sie ihn noch einmal aus der Nachricht, mit allem nach dem #.',
  },
  freeze: {
    title: (name) => `${name.charAt(0).toUpperCase()}${name.slice(1)} anhalten?`, lead: 'Jedes Gateway lehnt Anfragen ab, sobald dies antwortet; was läuft, endet, wie es zugelassen wurde.', submit: 'Anhalten', hits: 'Es betrifft', keys: 'Schlüssel,', teams: 'Teams und Personen', hadEvents: ', und was in der letzten Stunde', lastHour: 'Ereignisse hatte', why: 'Warum', whyHint: 'Wer abgelehnt wird, liest es.', stopped: 'Angehalten:', lift: 'Aufheben',
  },
  invoice: {
    running: 'Laufende Periode', preview: 'Vorschau', read: 'gelesen', onPlan: (plan) => `Tarif ${plan}`, none: 'In dieser Periode ist noch nichts fällig', label: 'Rechnungszeilen', line: 'Zeile', quantity: 'Menge', included: 'Enthalten', charged: 'Berechnet', exact: 'Genau', amount: 'Betrag', events: (count) => plural(count, 'Ereignis', 'Ereignisse'),
    subtotal: 'Zwischensumme', inPlan: 'Im Tarif enthalten', promotional: 'Aus Aktionsguthaben bezahlt', taxIncluded: ', enthalten', prepaid: 'Aus bezahltem Guthaben bezahlt', rounding: 'Rundung, gedruckt minus genau', due: 'Fällig',
    invoices: 'Rechnungen', invoicesNote: 'Was geschrieben ist, ändert sich nicht: Ein Fehler wird durch eine Gutschrift berichtigt.', noneYet: 'Es wurde noch keine Rechnung geschrieben', noneYetDetail: 'Die erste wird geschrieben, wenn eine Abrechnungsperiode endet.', number: 'Nummer', customer: 'Kunde', period: 'Periode', state: 'Status', total: 'Gesamt', draft: 'Entwurf', titled: (number) => `Rechnung ${number}`, linesOf: 'Zeilen der Rechnung', pdf: 'PDF', pdfOf: (number) => `PDF der Rechnung ${number}`,
    notes: 'Gutschriften', notesNote: 'Von einer Rechnung zurückgenommen, mit ihrer Steuer.', ofInvoice: 'Zur Rechnung', written: 'Geschrieben', why: 'Warum', net: 'Netto', tax: 'Steuer',
  },
  plans: {
    none: 'Es gibt nichts zu wählen', noneDetail: 'Fragen Sie, wer diesen Dienst betreibt, nach anderen Tarifen.', changeTo: (name) => `Zu ${name} wechseln`, changeToAsk: (name) => `Zu ${name} wechseln?`, sideBySide: 'Nebeneinander', subscription: 'Ihr Abonnement', subscriptionNote: 'Was war, und was von selbst kommt.', lead: 'Was von einer Freimenge verbraucht ist, bleibt verbraucht. Was mehr kostet, gilt sofort; was weniger kostet, ab der nächsten Periode.', working: 'Es wird ausgerechnet, was es kostet',
    publicTitle: 'Tarife', publicLead: 'Was jeder kostet und enthält. Um zu wechseln, fragen Sie, wer dieses Gateway betreibt: Es gilt sofort.', publicNone: 'Es gibt keine öffentlichen Tarife', topUpTitle: 'Guthaben aufladen', topUpLead: 'Eine Anfrage wurde abgelehnt, weil das Guthaben für das, was sie kosten kann, zu niedrig ist. Guthaben fügt hinzu, wer dieses Gateway betreibt; es zählt, sobald der Aufruf antwortet:', topUpNote: 'Der Betreiber kann Sie stattdessen auf eine eigene Seite leiten: siehe TOLLGATE_PUBLIC_URL.',
  },
  change: {
    label: 'Was es kostet', more: 'kostet mehr', notMore: 'kostet nicht mehr', inForce: 'gilt', onDay: (day) => `ab ${day}`, atOnce: 'sofort', nothingLater: 'Nichts wird berechnet oder gutgeschrieben: Die laufende Periode bleibt, wie sie ist.', nothingNow: 'Für den Rest der laufenden Periode ist nichts fällig.', back: 'Gutgeschrieben auf der nächsten Rechnung', due: 'Fällig für den Rest der Periode', ofPeriod: ({ seconds, all, whole, currency }) => `${seconds} von ${all} Sekunden der Periode, von ${whole} ${currency}`, period: ({ from, to }) => `Periode ${from} – ${to}, auf die Sekunde aufgeteilt.`,
  },
  timeline: {
    changesTo: (what) => `Wechselt zu ${what}`, plan: (plan) => `Tarif ${plan}`, seats: (count) => plural(count, 'Platz', 'Plätze'), ordered: 'Beauftragt; bis dahin kann es zurückgenommen werden.', unless: (reason) => `${reason}, falls vorher nichts geschieht`, now: 'Jetzt', none: 'Noch wurde nichts gemeldet', takenBackBy: (number) => ` · zurückgenommen durch Nummer ${number}`, takesBack: (number) => ` · nimmt Nummer ${number} zurück`,
  },
  widgets: {
    yourPlan: 'Ihr Tarif', a: (period) => `pro ${period}`, and: (list) => `und ${list}`, included: 'Enthalten', beyond: 'Darüber hinaus', limits: 'Limits', features: 'Funktionen', costs: 'Kosten', aPeriod: 'Eine Periode', what: 'Was', sideBySide: 'Tarife nebeneinander', yourPlanAside: ', Ihr Tarif',
    fundedByWallet: 'Über das Enthaltene hinaus zahlt Guthaben. Ist es verbraucht, werden Anfragen abgelehnt.', fundedByInvoice: 'Über das Enthaltene hinaus steht die Nutzung auf der Rechnung.', funded: 'Ist das Enthaltene verbraucht, werden Anfragen bis zur nächsten Periode abgelehnt.',
    nudge: ({ share, name }) => `${share} von ${name} verbraucht`, over: ({ amount, limit }) => `Überschritten um ${amount}, von ${limit}`, left: ({ amount, limit }) => `Noch ${amount} von ${limit}`, anew: (day) => `; beginnt neu am ${day}.`,
    good: 'Gut zu wissen', late: 'Eine Zahlung ist überfällig', blocked: 'Anfragen werden abgelehnt', attention: 'Bitte beachten', everythingWorks: 'Noch läuft alles. Bezahlen Sie die offene Rechnung, dann bleibt es so.', everythingUntil: (day) => `Bis ${day} läuft noch alles. Bezahlen Sie die offene Rechnung, dann bleibt es so.`, accountIs: (state) => `Dieses Konto ist ${state}`, pay: 'Anfragen werden abgelehnt, bis sich das ändert. Bezahlen Sie, was offen ist, oder sprechen Sie mit dem Support.', speak: 'Anfragen werden abgelehnt, bis sich das ändert. Sprechen Sie mit dem Support.', ends: (day) => `Das Abonnement endet am ${day}. Reaktivieren Sie es vorher, um es zu behalten.`,
    creditsToday: 'Das Guthaben endet heute', creditsDays: (days) => `Guthaben für etwa ${plural(days, 'Tag', 'Tage')}`, creditsLeft: (amount) => `Noch ${amount}, beim Tempo der letzten Woche.`, refused: 'Abgelehnt', usedOf: ({ used, limit }) => `${used} von ${limit} verbraucht`, anewOn: (day) => `Beginnt neu am ${day}`, addCredits: 'Guthaben aufladen', compare: 'Tarife vergleichen', upgrade: 'Tarif wechseln', settle: 'Bezahlen', choose: 'Wählen',
  },
  windows: { second: 'pro Sekunde', minute: 'pro Minute', hour: 'pro Stunde', day: 'pro Tag', week: 'pro Woche', month: 'pro Monat', billing_period: 'pro Abrechnungsperiode', quarter: 'pro Quartal', year: 'pro Jahr', lifetime: 'insgesamt' },
  terms: {
    allowance: 'Freimenge', limit: 'Limit', cap: 'Grenze', wallet: 'Guthaben', hard: 'hart', soft: 'weich', metered: 'gezählt', second: 'Sekunde', minute: 'Minute', hour: 'Stunde', day: 'Tag', week: 'Woche', month: 'Monat', quarter: 'Quartal', year: 'Jahr', billing_period: 'Abrechnungsperiode', lifetime: 'insgesamt',
    paid: 'bezahlt', promotional: 'Aktion', draft: 'Entwurf', open: 'offen', void: 'storniert', uncollectible: 'uneinbringlich', pending: 'wartet', asked: 'angefragt', succeeded: 'gelungen', failed: 'fehlgeschlagen', user: 'Person', model: 'Modell', feature: 'Funktion', team: 'Team', customer: 'Kunde', key: 'Schlüssel', entity: 'Team oder Person',
    active: 'aktiv', trialing: 'im Test', grace: 'in Nachfrist', suspended: 'gesperrt', paused: 'pausiert', disputed: 'strittig', incomplete: 'unvollständig', cancelled: 'gekündigt', expired: 'abgelaufen', good: 'in Ordnung',
    created: 'begonnen', trial_started: 'Test begonnen', trial_ending: 'Test endet bald', trial_extended: 'Test verlängert', trial_converted: 'Test in Abonnement gewandelt', activated: 'aktiviert', grace_entered: 'Nachfrist begonnen', payment_reminder: 'Zahlungserinnerung', recovered: 'wieder in Ordnung', resumed: 'fortgesetzt', dispute_resolved: 'Streit beigelegt', cancellation_scheduled: 'Kündigung vorgemerkt', cancellation_unscheduled: 'Kündigung zurückgenommen', reactivated: 'reaktiviert', plan_changed: 'Tarif gewechselt', seats_changed: 'Plätze geändert', add_ons_changed: 'Zusätze geändert', change_scheduled: 'Wechsel vorgemerkt', change_unscheduled: 'Wechsel zurückgenommen', renewed: 'erneuert', event_voided: 'Ereignis zurückgenommen',
    late_usage: 'späte Nutzung', proration: 'anteilig', item: 'Posten', units: 'Einheiten', tier_units: 'Einheiten der Stufe', tier_flat: 'Pauschale der Stufe', packages: 'Pakete', free: 'frei', percentage: 'Prozentsatz', fixed: 'fest', minimum: 'Minimum', maximum: 'Maximum', cost: 'Kosten', margin: 'Aufschlag', given: 'angegeben', outcome: 'Ergebnis', seats: 'Plätze', flat: 'pauschal', discount: 'Rabatt', rounding: 'Rundung',
    credit_balance_exhausted: 'Guthaben aufgebraucht', limit_exhausted: 'Limit aufgebraucht', allowance_exhausted: 'Freimenge aufgebraucht', rate_limited: 'zu viele Anfragen', feature_not_entitled: 'Funktion nicht enthalten', model_not_allowed: 'Modell nicht erlaubt', model_unpriced: 'Modell ohne Preis', not_in_good_standing: 'Konto nicht in Ordnung', frozen: 'angehalten', run_halted: 'Lauf angehalten', budget_unavailable: 'Limit nicht erreichbar',
    input_tokens: 'Eingabe-Token', output_tokens: 'Ausgabe-Token', cached_input_tokens: 'Eingabe-Token aus dem Cache', cache_write_tokens: 'in den Cache geschriebene Token', reasoning_tokens: 'Reasoning-Token', requests: 'Anfragen', events: 'Ereignisse', token: 'Token', tokens: 'Token', event: 'Ereignisse', request: 'Anfragen', credit: 'Credits', credits: 'Credits',
  },
  problems: {
    unreachable: 'Keine Antwort', required: 'Etwas fehlt', invalid_value: 'Ein Wert wird nicht angenommen', invalid_decimal: 'Eine Zahl ist keine einfache Dezimalzahl', out_of_range: 'Eine Zahl liegt außerhalb des Bereichs', too_long: 'Ein Text ist zu lang', too_many_digits: 'Eine Zahl hat zu viele Nachkommastellen', wrong_scope: 'Diese Seite darf das nicht', not_found: 'Das gibt es nicht', credits_not_sold: 'Hier wird kein Guthaben verkauft', plan_changes_off: 'Diese Seite darf den Tarif nicht ändern', unknown_plan: 'Diesen Tarif gibt es nicht', code_refused: 'Der Code kann nicht eingelöst werden', unknown_code: 'Der Code ist nicht bekannt', too_many_codes: 'Zu viele Codes wurden versucht',
    budget_of_operator: 'Dieses Limit setzt, wer den Dienst betreibt', invalid_email: 'Eine E-Mail-Adresse wird nicht angenommen', mail_not_set: 'Kein Mailserver ist eingerichtet', too_many_asks: 'Die Adresse wurde oft genug gefragt', link_ended: 'Der Link ist abgelaufen', provider_not_set: 'Der Zahlungsanbieter ist nicht eingerichtet', billed_by_provider: 'Ein Anbieter rechnet dieses Abonnement ab', subscription_state: 'Das Abonnement lässt das jetzt nicht zu', invalid_api_key: 'Dieser Link ist abgelaufen', internal: 'Auf dem Server ist etwas schiefgegangen',
  },
}
