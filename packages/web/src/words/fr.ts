// Les mots des pages en français.

import type { Words } from './speech.ts'

/** Zéro est au singulier. */
const plural = (count: number, one: string, many: string): string => `${count} ${count < 2 ? one : many}`

export const fr: Words = {
  common: {
    cancel: 'Annuler', working: 'En cours …', close: 'Fermer', change: 'Modifier', changeMore: 'Modifier …', set: 'Définir', tryAgain: 'Réessayer', actions: 'Actions possibles', share: 'Part', back: 'Retour',
    wentWrong: 'Un problème est survenu sur cette page', loading: 'Chargement', loadingMore: 'Chargement …', more: 'Afficher plus', newer: 'De plus récents sont là : en haut', copy: 'Copier', copied: 'Copié', justNow: 'à l’instant', never: 'jamais', none: '–', yes: 'oui',
    request: (id) => `Requête ${id}`, copyId: (id) => `Copier ${id}`, exactly: (text) => `${text} exactement`, and: (words) => words.join(' et '),
    unreachable: 'Pas de réponse', unreachableDetail: 'Tollgate est injoignable. Rien n’a été modifié ; cette page réessaie d’elle-même.',
  },
  live: { live: 'En direct', connecting: 'Connexion', offline: 'Hors ligne', liveTitle: 'Les changements apparaissent d’eux-mêmes.', connectingTitle: 'Le flux en direct s’ouvre.', offlineTitle: 'Le flux en direct est coupé ; il reprend là où il était, sans rien perdre.' },
  chart: {
    chart: 'Graphique', table: 'Tableau', time: 'Heure', nothing: 'rien', asTable: (label) => `${label}, en tableau`,
    help: ({ label, count, opens, chooses, zooms }) => `${label} : graphique de ${count} instants. Les flèches les lisent un à un${opens ? ', Entrée en ouvre un' : ''}${chooses ? ', Maj en choisit plusieurs' : ''}${zooms ? ', Moins élargit' : ''} ; le tableau les contient tous.`,
  },
  frame: {
    title: 'Utilisation et crédits', pages: 'Rubriques', opening: 'Ouverture de la page', ended: 'Ce lien a expiré', endedDetail: 'Rouvrez la page depuis l’endroit d’où vous veniez : chaque lien est valable un temps limité, pour que personne d’autre ne puisse l’utiliser.',
    overview: 'Aperçu', usage: 'Utilisation', activity: 'Activité', credits: 'Crédits', limits: 'Limites', invoice: 'Facture', plans: 'Formules',
    timesIn: (zone) => `Heures en ${zone}`, localTimes: 'Heure locale',
  },
  overview: {
    standing: 'Où vous en êtes', balance: 'Solde de crédits', used: 'Utilisé sur la période', usedNote: 'frais et utilisation à ce jour', due: 'Dû à la fin', dueNote: 'après crédits, à ce jour', plan: 'Formule', until: (day) => `jusqu’au ${day}`,
    limits: 'Quotas inclus et limites', limitsNote: 'Un chiffre en direct compte ce qui est décompté ; ce qui est en cours suit en moins d’une seconde.', noLimits: 'Seuls vos crédits limitent votre utilisation',
    notUsed: 'inutilisés la semaine dernière', runwayYear: 'pour plus d’un an à ce rythme', runwayDay: 'pour moins d’un jour à ce rythme', runway: (days) => `pour environ ${plural(days, 'jour', 'jours')} à ce rythme`,
    period: 'Période de facturation', periodGone: 'Part de la période écoulée', daysLeft: (days) => `encore ${plural(days, 'jour', 'jours')}`, compare: 'Comparer les formules', addCredits: 'Ajouter des crédits',
  },
  usage: {
    usage: 'Utilisation', usageIn: (time) => `Utilisation, ${time}`, note: 'Utilisation comptabilisée : elle ne change jamais, elle ne fait que croître.', zoomOut: '← Élargir', compare: 'Comparer', compareTitle: 'À côté de la même durée juste avant.', before: 'avant', timeBefore: 'la durée précédente', figure: 'Grandeur', charges: 'Montants', events: 'Événements', group: 'Groupe', time: 'Durée',
    byModel: 'Par modèle', byFeature: 'Par fonctionnalité', byTeam: 'Par équipe ou personne', byCustomer: 'Par client', byDay: 'Par jour',
    spans: { '24h': '24 dernières heures', '7d': '7 derniers jours', '30d': '30 derniers jours', '90d': '90 derniers jours' }, spansBefore: { '24h': 'les 24 heures précédentes', '7d': 'les 7 jours précédents', '30d': 'les 30 jours précédents', '90d': 'les 90 jours précédents' },
    none: 'Aucune utilisation sur cette durée', noneDetail: 'Elle apparaît ici dans la seconde qui suit la première requête.', by: ({ figure, group }) => `${figure} par ${group}`, usageBy: (group) => `Utilisation par ${group} et compteur`,
    byWhat: 'Par quoi', model: 'Modèle', feature: 'Fonctionnalité', entity: 'Équipe ou personne', customer: 'Client', day: 'Jour', meter: 'Compteur', quantity: 'Quantité', charge: 'Montant', sum: 'Somme', others: 'autres', noModel: 'sans modèle', noFeature: 'sans fonctionnalité', noTeam: 'sans équipe',
  },
  compare: { none: (than) => `rien pendant ${than}`, noneEither: (than) => `rien non plus pendant ${than}`, as: (than) => `comme pendant ${than}`, more: 'de plus', less: 'de moins', than: (than) => `que pendant ${than}` },
  breakdown: {
    title: 'Ce qui le compose', note: 'Les montants de l’utilisation de cette période ; leur somme est l’utilisation sur la facture. Un clic sur une ligne ci-dessus montre les événements eux-mêmes.', none: 'Aucune utilisation sur cette période', label: 'Montants de la période', used: 'Utilisé', charged: 'Facturé', together: 'Ensemble', notStated: 'non précisé',
  },
  events: {
    title: 'Chaque événement facturable et son montant', none: 'Aucun événement ici pour l’instant', noneDetail: 'Ils apparaissent dans la seconde qui suit leur décompte.', label: 'Événements d’utilisation', time: 'Heure', model: 'Modèle ou type', feature: 'Fonctionnalité', used: 'Utilisé', cost: 'Coût', charge: 'Montant', details: 'Détails',
    estimated: 'estimé', estimatedTitle: 'Compté par nous, car le fournisseur n’a rien indiqué.', detailsOf: (time) => `Détails de l’événement du ${time}`, how: 'D’où vient le montant', price: 'Prix', included: 'Inclus', before: 'Avant', beforeTitle: 'Quantité facturable de la période avant cet événement', isIncluded: 'inclus',
    paid: 'Payé', nothingDue: 'rien n’était dû', fromCredits: (block) => `sur les crédits ${block}`, onInvoice: 'sur la facture', owed: 'dû', ratedBy: (version) => `Calculé selon la version ${version} de la liste de prix.`, what: 'Ce qui a été utilisé', run: 'exécution', entity: 'entité', event: 'événement', providerCost: 'coût du fournisseur',
    export: 'Exporter en CSV', read: (count) => `${count} lus`, stop: 'Arrêter',
  },
  lines: {
    verify: 'Vérifier ligne par ligne', same: 'recalculé, identique', differs: 'diffère de ce qui a été facturé', underPlan: (plan) => `avec la formule ${plan}`, excluded: (reason) => `non facturé : ${reason}`, notPriced: 'sans prix', on: (meter) => `sur ${meter}`,
    tier: (tier) => ` du palier ${tier}`, at: (price) => `à ${price}`, each: ' l’unité', per: (units) => ` pour ${units}`, rate: (rate) => `au taux de ${rate}`,
  },
  verify: {
    title: 'Vérifier', note: 'Chaque écriture porte une empreinte d’elle-même et de la précédente, et la fin de cette chaîne est signée chaque jour. Votre navigateur recalcule tout.', now: 'Vérifier maintenant', checked: (count) => `${count} vérifiées`,
    idle: 'Rien de ce qui est inscrit ne peut être modifié, omis ou ajouté sans que cela se voie ici.', idleCommand: 'fait la même chose sans cette page.', broken: 'pas comme inscrit', good: 'vérifié',
    found: ({ count, text }) => `${text} ${count < 2 ? 'écriture' : 'écritures'} : rien n’a été modifié, omis ou ajouté.`, unsigned: 'Le premier point de contrôle est signé sous un jour.',
    signed: ({ to, count }) => `Signé jusqu’à l’écriture ${to}, par ${plural(count, 'point de contrôle', 'points de contrôle')}.`, key: (id) => `Clé ${id} :`, noTls: 'Cette page a été ouverte sans TLS, où un navigateur n’a pas de cryptographie : ouvrez-la en https, ou utilisez tollgate verify.',
    gap: ({ after, next }) => `Après l’écriture ${after} vient ${next} : quelque chose a été omis ou inséré.`, changed: ({ position, id }) => `L’écriture ${position} (${id}) n’est pas celle qui a été inscrite.`,
    unfit: (position) => `Le point de contrôle signé à l’écriture ${position} ne correspond pas.`, gone: (position) => `Un point de contrôle a été signé à l’écriture ${position}, qui n’est plus là.`,
  },
  credits: {
    title: 'Crédits', forFeatures: (list) => `Pour ${list}`, forFeaturesNote: 'utilisés avant le solde, pour cela seulement', paysFor: 'Paie pour', balance: 'Solde', balanceNote: 'ce que vos requêtes peuvent utiliser maintenant', assetNote: 'pour une formule tarifée dans cette unité', owed: 'Dû', owedNote: 'les prochains crédits le remboursent d’abord', blocks: 'Crédits, et quand ils expirent', blocksNote: 'Ce qui expire en premier est utilisé en premier.', none: 'Pas encore de crédits', addFirst: 'Ajoutez les premiers :',
    label: 'Blocs de crédits', added: 'Ajoutés', kind: 'Nature', left: 'Reste', of: 'Sur', shareLeft: 'Part restante', leftOf: (id) => `Reste de ${id}`, expires: 'Expire', ended: 'expirés', endedTitle: 'Ils paient ce qui a été admis avant leur fin, jusqu’à son règlement.',
  },
  buy: {
    title: 'Ajouter des crédits', notSold: 'Les crédits sont ajoutés par l’exploitant de ce service. Ils comptent dès qu’ils sont ajoutés.', note: 'Payés sur la page du prestataire de paiement ; ils comptent dès que le paiement aboutit.', noteReader: 'Un administrateur chez vous peut en acheter.', amount: (asset) => `Crédits en ${asset}`, ofItTax: 'dont', tax: 'de taxe', onTop: 'en plus', opening: 'Ouverture …', buy: 'Acheter',
    purchases: 'Achats', purchasesNote: 'Les crédits sont accordés une fois, quand le paiement a abouti.', when: 'Quand', why: 'Pourquoi', state: 'État', credits: 'Crédits', paid: 'Payé', byItself: 'rechargé automatiquement', bought: 'acheté',
  },
  recharge: {
    title: 'Recharge automatique', note: 'Achète des crédits quand le solde baisse, un achat à la fois et jamais au-delà de votre plafond.', switchOn: 'Activer …', switchOff: 'Désactiver', off: 'Désactivée : une fois les crédits épuisés, les requêtes sont refusées jusqu’à ce que quelqu’un en ajoute.', on: 'activée', stopped: 'arrêtée',
    atOrBelow: 'À partir de', buys: 'elle achète', upTo: 'jusqu’à', atMost: ', au plus pour', aMonth: 'par mois', stoppedAt: 'Arrêtée', stoppedWhy: (reason) => `car des paiements ont échoué : ${reason}. Redéfinissez-la pour continuer.`,
    dialog: 'Recharger les crédits automatiquement', lead: 'La carte enregistrée est débitée quand le solde atteint le seuil. Après trois paiements échoués, elle s’arrête.', submit: 'Activer', threshold: (asset) => `Seuil, en ${asset}`, most: 'Au plus par mois, hors taxe', mostHint: 'Sans plafond si laissé vide.', what: 'Elle achète', same: 'toujours autant', fill: 'ce qui manque jusqu’au solde voulu', amount: 'Crédits par achat', target: 'Solde à atteindre',
  },
  notices: {
    title: 'Quand vous êtes prévenus', note: 'Par vos webhooks, le flux en direct et par e-mail aux personnes listées sous Limites, une fois par franchissement.', never: 'Jamais : personne n’a défini de solde ni de nombre de jours.', when: 'quand il reste', orLess: 'ou moins', daysBefore: (days) => `${plural(days, 'jour', 'jours')} avant l’expiration de crédits`,
    lead: 'En plus de ce que l’exploitant a défini, qui demeure.', balances: (asset) => `À un solde de, en ${asset}`, balancesHint: 'Plusieurs séparés par des virgules, comme 10, 2.', days: 'Jours avant l’expiration', daysHint: 'Comme 7, 1.',
  },
  redeem: { title: 'Utiliser un code', note: 'Il compte dès qu’il est accepté.', code: 'Code promotionnel', redeem: 'Utiliser', taken: 'Il a été accepté et s’applique.' },
  limits: {
    title: 'Limites', note: 'La plus stricte qui concerne une requête en décide.', stopAll: 'Tout arrêter …', setCap: 'Définir votre propre plafond', none: 'Aucune limite n’est définie', noneAdmin: 'Un plafond à vous arrête la dépense au montant que vous choisissez.', noneReader: 'Un administrateur chez vous peut définir un plafond.', members: 'Membres', remove: 'Retirer', everything: 'tout',
    softTitle: 'Laisse passer, et signale.', meteredTitle: 'Compte seulement.', observed: 'observée seulement', observedTitle: 'Décidé, enregistré et montré, mais rien n’est refusé.', byCustomer: 'définie par le client', each: (who) => `par ${who}`, forEntity: (name) => `pour ${name}`, of: 'sur', used: (share) => `${share} utilisés`, usedOf: ({ name, share }) => `${name} : ${share} utilisés`,
    overBy: 'dépassée de', left: 'restants', held: 'tenus prêts par les passerelles', startsAnew: 'repart de zéro le', usedUp: 'épuisée', atPace: 'au rythme des dix dernières minutes', cameOver: 'reportés de la période précédente', worstCase: 'dépassement au pire de', features: (list) => `pour ${list}`, counts: (list) => `compte ${list}`,
  },
  members: {
    title: (name) => `${name} : ses membres`, lead: 'Chacun dispose de', unless: ', sauf limite définie ici.', none: 'Personne ne l’a utilisée sur cette période', label: 'Membres', member: 'Membre', used: 'Utilisé', of: 'Sur', common: 'La limite commune', joined: 'Séparés par des virgules.', itsId: 'Son identifiant.', limitIn: (unit) => `Limite en ${unit}`, set: 'Définir sa limite', unused: 'pas encore utilisée',
    has: 'dispose désormais de', fromNow: '.', usedOf: ({ name, share }) => `${name} : ${share} utilisés`,
  },
  cap: {
    setTitle: 'Définir un plafond', changeTitle: (name) => `Modifier ${name}`, lead: 'En vigueur sur chaque passerelle dès la réponse : ce qui ne tient pas est arrêté avant de coûter quoi que ce soit.', name: 'Nom', nameHint: 'Montré aux personnes.', idWillBe: 'Son identifiant sera', idIs: 'Son identifiant est', limitNew: 'Limite, dans la devise de la formule', window: 'Intervalle', appliesTo: 'S’applique à', everything: 'Tout', limitIs: 'La limite est', all: 'pour tous ensemble', each: 'pour chaque personne', exhausted: 'Quand elle est épuisée', doesNotFit: 'Une requête qui ne tient pas', otherModel: 'Modèle utilisé à la place',
    hard: 'Refuser ce qui ne tient pas', soft: 'Laisser passer et signaler', metered: 'Seulement compter', deny: 'Refuser', clamp: 'Raccourcir la réponse', fallback: 'Utiliser un autre modèle', overage: 'Continuer et payer', told: 'Signalé – flux en direct, webhooks et e-mail – quand elle est utilisée à', observe: 'Seulement observer : décidé, enregistré et montré, mais rien n’est refusé',
  },
  mail: {
    title: 'Qui est prévenu par e-mail', note: 'Quand une limite est utilisée à une part donnée, et quand les crédits s’épuisent ou expirent. Chaque adresse confirme d’abord.', notSet: 'L’exploitant de ce service n’a pas défini de serveur de messagerie : personne n’est encore prévenu par e-mail.', none: 'Personne n’est encore prévenu par e-mail', noneDetail: 'Ajoutez une adresse, et la question lui est posée.', add: 'Ajouter quelqu’un', label: 'Personnes prévenues', email: 'Adresse', shares: 'À', budgets: 'De', credits: 'Crédits', state: 'État', allBudgets: 'toute limite', askAgain: 'Redemander', remove: 'Retirer',
    waiting: 'en attente', confirmed: 'prévenu', left: 'désinscrit', refused: 'refusé', dialogAdd: 'Prévenir quelqu’un par e-mail', dialogChange: (email) => `Ce dont ${email} est prévenu`, lead: 'L’adresse reçoit une question, et rien d’autre avant d’avoir dit oui.', emailHint: 'Quelqu’un chez vous, ou une liste.', when: 'Prévenu quand une limite est utilisée à', ofWhat: 'Limites concernées', creditsToo: 'Aussi quand les crédits s’épuisent ou expirent', language: 'Langue', ofCustomer: 'comme cette page', submitAdd: 'Demander à l’adresse', asked: (email) => `La question a été posée à ${email}, qui sera prévenu dès sa confirmation.`,
  },
  link: {
    confirmTitle: 'Alertes par e-mail', confirmLead: 'Quelqu’un a demandé que cette adresse soit prévenue quand les limites et les crédits s’épuisent.', confirm: 'Oui, me prévenir', confirmed: ({ email, customer }) => `${email} reçoit désormais les alertes de ${customer}. Chaque e-mail contient un lien pour y mettre fin.`, leaveTitle: 'Plus d’alertes', leaveLead: 'Cette adresse ne recevra plus d’e-mails sur les limites et les crédits.', leave: 'Se désinscrire', left: ({ email, customer }) => `${email} ne recevra plus d’e-mails de ${customer}.`, broken: 'Ce lien est incomplet', brokenDetail: 'Rouvrez-le depuis l’e-mail, avec tout ce qui suit le #.',
  },
  freeze: {
    title: (name) => `Arrêter ${name} ?`, lead: 'Chaque passerelle refuse les requêtes dès la réponse ; ce qui est en cours se termine comme admis.', submit: 'Arrêter', hits: 'Cela touche', keys: 'clés,', teams: 'équipes et personnes', hadEvents: ', et ce qui a eu', lastHour: 'événements dans la dernière heure', why: 'Pourquoi', whyHint: 'Qui est refusé le lit.', stopped: 'Arrêté :', lift: 'Lever',
  },
  invoice: {
    running: 'Période en cours', preview: 'aperçu', read: 'lu', onPlan: (plan) => `formule ${plan}`, none: 'Rien n’est encore dû sur cette période', label: 'Lignes de la facture en cours', line: 'Ligne', quantity: 'Quantité', included: 'Inclus', charged: 'Facturé', exact: 'Exact', amount: 'Montant', events: (count) => plural(count, 'événement', 'événements'),
    subtotal: 'Sous-total', inPlan: 'Inclus dans la formule', promotional: 'Payé par crédits promotionnels', taxIncluded: ', incluse', prepaid: 'Payé par crédits prépayés', rounding: 'Arrondi, imprimé moins exact', due: 'Dû',
    invoices: 'Factures', invoicesNote: 'Ce qui est émis ne change pas : une erreur est corrigée par un avoir.', noneYet: 'Aucune facture n’a encore été émise', noneYetDetail: 'La première l’est à la fin d’une période de facturation.', number: 'Numéro', customer: 'Client', period: 'Période', state: 'État', total: 'Total', draft: 'brouillon', titled: (number) => `Facture ${number}`, linesOf: 'Lignes de la facture', pdf: 'PDF', pdfOf: (number) => `PDF de la facture ${number}`,
    notes: 'Avoirs', notesNote: 'Repris d’une facture, avec sa taxe.', ofInvoice: 'De la facture', written: 'Émis', why: 'Pourquoi', net: 'Hors taxe', tax: 'Taxe',
  },
  plans: {
    none: 'Il n’y a rien à choisir', noneDetail: 'Demandez d’autres formules à l’exploitant de ce service.', changeTo: (name) => `Passer à ${name}`, changeToAsk: (name) => `Passer à ${name} ?`, sideBySide: 'Côte à côte', subscription: 'Votre abonnement', subscriptionNote: 'Ce qui fut, et ce qui vient de soi-même.', lead: 'Ce qui est utilisé d’un quota inclus le reste. Ce qui coûte plus vaut aussitôt, ce qui coûte moins dès la période suivante.', working: 'Calcul du coût',
    publicTitle: 'Formules', publicLead: 'Ce que chacune coûte et comprend. Pour changer, demandez à l’exploitant de cette passerelle : c’est immédiat.', publicNone: 'Il n’y a pas de formule publique', topUpTitle: 'Ajouter des crédits', topUpLead: 'Une requête a été refusée car le solde de crédits est trop bas pour ce qu’elle peut coûter. Les crédits sont ajoutés par l’exploitant de cette passerelle et comptent dès que son appel répond :', topUpNote: 'L’exploitant peut vous envoyer vers sa propre page : voir TOLLGATE_PUBLIC_URL.',
  },
  change: {
    label: 'Ce que cela coûte', more: 'coûte plus', notMore: 'ne coûte pas plus', inForce: 'en vigueur', onDay: (day) => `le ${day}`, atOnce: 'aussitôt', nothingLater: 'Rien n’est facturé ni rendu : la période en cours reste telle quelle.', nothingNow: 'Rien n’est dû pour le reste de la période en cours.', back: 'Rendu sur la prochaine facture', due: 'Dû pour le reste de la période', ofPeriod: ({ seconds, all, whole, currency }) => `${seconds} des ${all} secondes de la période, de ${whole} ${currency}`, period: ({ from, to }) => `Période ${from} – ${to}, répartie à la seconde.`,
  },
  timeline: {
    changesTo: (what) => `Passe à ${what}`, plan: (plan) => `formule ${plan}`, seats: (count) => plural(count, 'siège', 'sièges'), ordered: 'Commandé ; annulable jusque-là.', unless: (reason) => `${reason}, sauf événement d’ici là`, now: 'Maintenant', none: 'Rien n’a encore été annoncé', takenBackBy: (number) => ` · repris par le numéro ${number}`, takesBack: (number) => ` · reprend le numéro ${number}`,
  },
  widgets: {
    yourPlan: 'votre formule', a: (period) => `par ${period}`, and: (list) => `et ${list}`, included: 'Inclus', beyond: 'Au-delà', limits: 'Limites', features: 'Fonctionnalités', costs: 'Coûts', aPeriod: 'Une période', what: 'Quoi', sideBySide: 'Formules côte à côte', yourPlanAside: ', votre formule',
    fundedByWallet: 'Au-delà de ce qui est inclus, les crédits prépayés paient. Une fois épuisés, les requêtes sont refusées.', fundedByInvoice: 'Au-delà de ce qui est inclus, l’utilisation est sur la facture.', funded: 'Une fois épuisé ce qui est inclus, les requêtes sont refusées jusqu’à la période suivante.',
    nudge: ({ share, name }) => `${share} de ${name} utilisés`, over: ({ amount, limit }) => `Dépassement de ${amount}, sur ${limit}`, left: ({ amount, limit }) => `Il reste ${amount} sur ${limit}`, anew: (day) => ` ; repart de zéro le ${day}.`,
    good: 'Bon à savoir', late: 'Un paiement est en retard', blocked: 'Les requêtes sont refusées', attention: 'À votre attention', everythingWorks: 'Tout fonctionne encore. Réglez la facture ouverte, et il en restera ainsi.', everythingUntil: (day) => `Tout fonctionne encore jusqu’au ${day}. Réglez la facture ouverte, et il en restera ainsi.`, accountIs: (state) => `Ce compte est ${state}`, pay: 'Les requêtes sont refusées en attendant. Réglez ce qui est dû, ou parlez au support.', speak: 'Les requêtes sont refusées en attendant. Parlez-en au support.', ends: (day) => `L’abonnement prend fin le ${day}. Réactivez-le avant pour le garder.`,
    creditsToday: 'Les crédits s’épuisent aujourd’hui', creditsDays: (days) => `Crédits pour environ ${plural(days, 'jour', 'jours')}`, creditsLeft: (amount) => `Il reste ${amount}, au rythme de la dernière semaine.`, refused: 'Refusé', usedOf: ({ used, limit }) => `${used} sur ${limit} utilisés`, anewOn: (day) => `Repart de zéro le ${day}`, addCredits: 'Ajouter des crédits', compare: 'Comparer les formules', upgrade: 'Changer de formule', settle: 'Payer', choose: 'Choisir',
  },
  windows: { second: 'par seconde', minute: 'par minute', hour: 'par heure', day: 'par jour', week: 'par semaine', month: 'par mois', billing_period: 'par période de facturation', quarter: 'par trimestre', year: 'par an', lifetime: 'en tout' },
  terms: {
    allowance: 'quota inclus', limit: 'limite', cap: 'plafond', wallet: 'crédits', hard: 'stricte', soft: 'souple', metered: 'comptée', second: 'seconde', minute: 'minute', hour: 'heure', day: 'jour', week: 'semaine', month: 'mois', quarter: 'trimestre', year: 'an', billing_period: 'période de facturation', lifetime: 'en tout',
    paid: 'payé', promotional: 'promotionnel', draft: 'brouillon', open: 'ouverte', void: 'annulée', uncollectible: 'irrécouvrable', pending: 'en attente', asked: 'demandé', succeeded: 'abouti', failed: 'échoué', user: 'personne', model: 'modèle', feature: 'fonctionnalité', team: 'équipe', customer: 'client', key: 'clé', entity: 'équipe ou personne',
    active: 'actif', trialing: 'à l’essai', grace: 'en délai de grâce', suspended: 'suspendu', paused: 'en pause', disputed: 'contesté', incomplete: 'incomplet', cancelled: 'résilié', expired: 'expiré', good: 'en règle',
    created: 'créé', trial_started: 'essai commencé', trial_ending: 'fin d’essai proche', trial_extended: 'essai prolongé', trial_converted: 'essai converti', activated: 'activé', grace_entered: 'délai de grâce', payment_reminder: 'rappel de paiement', recovered: 'régularisé', resumed: 'repris', dispute_resolved: 'contestation close', cancellation_scheduled: 'résiliation prévue', cancellation_unscheduled: 'résiliation annulée', reactivated: 'réactivé', plan_changed: 'formule changée', seats_changed: 'sièges modifiés', add_ons_changed: 'options modifiées', change_scheduled: 'changement prévu', change_unscheduled: 'changement annulé', renewed: 'renouvelé', event_voided: 'événement annulé',
    late_usage: 'utilisation tardive', proration: 'prorata', item: 'article', units: 'unités', tier_units: 'unités du palier', tier_flat: 'forfait du palier', packages: 'paquets', free: 'gratuit', percentage: 'pourcentage', fixed: 'fixe', minimum: 'minimum facturé', maximum: 'maximum facturé', cost: 'coût', margin: 'marge', given: 'indiqué', outcome: 'résultat', seats: 'sièges', flat: 'forfait', discount: 'remise', rounding: 'arrondi',
    credit_balance_exhausted: 'crédits épuisés', limit_exhausted: 'limite épuisée', allowance_exhausted: 'quota inclus épuisé', rate_limited: 'trop de requêtes', feature_not_entitled: 'fonctionnalité non incluse', model_not_allowed: 'modèle non autorisé', model_unpriced: 'modèle sans prix', not_in_good_standing: 'compte pas en règle', frozen: 'arrêté', run_halted: 'exécution arrêtée', budget_unavailable: 'limite injoignable',
    input_tokens: 'jetons d’entrée', output_tokens: 'jetons de sortie', cached_input_tokens: 'jetons d’entrée en cache', cache_write_tokens: 'jetons écrits en cache', reasoning_tokens: 'jetons de raisonnement', requests: 'requêtes', events: 'événements', token: 'jetons', tokens: 'jetons', event: 'événements', request: 'requêtes', credit: 'crédits', credits: 'crédits',
  },
  problems: {
    unreachable: 'Pas de réponse', required: 'Il manque quelque chose', invalid_value: 'Une valeur n’est pas acceptée', invalid_decimal: 'Un nombre n’est pas un décimal simple', out_of_range: 'Un nombre est hors limites', too_long: 'Un texte est trop long', too_many_digits: 'Un nombre a trop de décimales', wrong_scope: 'Cette page n’a pas ce droit', not_found: 'Cela n’existe pas', credits_not_sold: 'Aucun crédit n’est vendu ici', plan_changes_off: 'Cette page ne peut pas changer la formule', unknown_plan: 'Cette formule n’existe pas', code_refused: 'Le code ne peut pas être utilisé', unknown_code: 'Le code est inconnu', too_many_codes: 'Trop de codes ont été essayés',
    budget_of_operator: 'Cette limite est définie par l’exploitant', invalid_email: 'Une adresse e-mail n’est pas acceptée', mail_not_set: 'Aucun serveur de messagerie n’est défini', too_many_asks: 'La question a été posée assez souvent', link_ended: 'Le lien a expiré', provider_not_set: 'Le prestataire de paiement n’est pas configuré', billed_by_provider: 'Un prestataire facture cet abonnement', subscription_state: 'L’abonnement ne le permet pas maintenant', invalid_api_key: 'Ce lien a expiré', internal: 'Un problème est survenu sur le serveur',
  },
}
