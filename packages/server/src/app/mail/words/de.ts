// Mails auf Deutsch.

import type { MailWords } from '../words.ts'

export const de: MailWords = {
  test: { subject: 'E-Mail von Tollgate funktioniert', text: 'Diese Nachricht wurde gesendet, um den Mailserver zu prüfen. Sonst ist nichts zu tun.\n' },
  confirm: {
    subject: (customer) => `Möchten Sie Hinweise zu ${customer} erhalten?`,
    text: ({ customer, link }) =>
      `Jemand, der die Nutzung von ${customer} verwaltet, möchte, dass diese Adresse benachrichtigt wird, wenn Limits und Guthaben zur Neige gehen.\n\nWenn Sie das möchten, bestätigen Sie es hier innerhalb von sieben Tagen:\n${link}\n\nWenn nicht, tun Sie nichts: Diese Adresse erhält keine weiteren Nachrichten.\n`,
  },
  threshold: {
    subject: ({ percent, budget, customer }) => `${percent} von „${budget}“ verbraucht (${customer})`,
    text: ({ customer, percent, budget, used, limit }) => `${customer} hat ${percent} von „${budget}“ verbraucht: ${used} von ${limit}.`,
    anew: (time) => `Der Zähler beginnt neu am ${time}.`,
    full: 'Anfragen, die darunter fallen, können bis dahin abgelehnt werden, oder bis das Limit erhöht wird.',
  },
  low: {
    subject: ({ balance, customer }) => `Noch ${balance} Guthaben (${customer})`,
    text: ({ customer, balance, threshold }) => `Das Guthaben von ${customer} ist auf ${balance} gefallen; benachrichtigt wird bei ${threshold}.`,
    topUp: (link) => `Guthaben aufladen: ${link}`,
  },
  ending: {
    subject: ({ amount, customer }) => `${amount} Guthaben verfallen bald (${customer})`,
    text: ({ customer, amount, time }) => `${amount} vom Guthaben von ${customer} verfallen am ${time}. Was bis dahin nicht verbraucht ist, geht verloren.`,
  },
  leave: ({ customer, link }) => `Sie erhalten diese Nachricht, weil Sie Hinweise zu ${customer} bestätigt haben; abbestellen: ${link}`,
}
