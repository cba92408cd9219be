// Las palabras de las páginas en español.

import type { Words } from './speech.ts'

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

export const es: Words = {
  common: {
    cancel: 'Cancelar', working: 'En curso …', close: 'Cerrar', change: 'Cambiar', changeMore: 'Cambiar …', set: 'Fijar', tryAgain: 'Intentar de nuevo', actions: 'Acciones', share: 'Parte', back: 'Volver',
    wentWrong: 'Algo ha fallado en esta página', loading: 'Cargando', loadingMore: 'Cargando …', more: 'Mostrar más', newer: 'Hay más recientes: ir arriba', copy: 'Copiar', copied: 'Copiado', justNow: 'ahora mismo', never: 'nunca', none: '–', yes: 'sí',
    request: (id) => `Solicitud ${id}`, copyId: (id) => `Copiar ${id}`, exactly: (text) => `${text} exactamente`, and: (words) => words.join(' y '),
    unreachable: 'Sin respuesta', unreachableDetail: 'No se puede contactar con Tollgate. No se ha cambiado nada; esta página lo intenta de nuevo por sí sola.',
  },
  live: { live: 'En directo', connecting: 'Conectando', offline: 'Sin conexión', liveTitle: 'Los cambios aparecen por sí solos.', connectingTitle: 'Se está abriendo el flujo en directo.', offlineTitle: 'El flujo en directo se ha cortado; continúa donde estaba, sin huecos.' },
  chart: {
    chart: 'Gráfico', table: 'Tabla', time: 'Hora', nothing: 'nada', asTable: (label) => `${label}, como tabla`,
    help: ({ label, count, opens, chooses, zooms }) => `${label}: gráfico de ${count} momentos. Las flechas los leen uno a uno${opens ? ', Intro abre uno' : ''}${chooses ? ', Mayús elige varios' : ''}${zooms ? ', Menos aleja' : ''}; la tabla los tiene todos.`,
  },
  frame: {
    title: 'Uso y créditos', pages: 'Páginas', opening: 'Abriendo la página', ended: 'Este enlace ha caducado', endedDetail: 'Abra la página de nuevo desde donde venía: cada enlace sirve un tiempo limitado, para que nadie más pueda usarlo.',
    overview: 'Resumen', usage: 'Uso', activity: 'Actividad', credits: 'Créditos', limits: 'Límites', invoice: 'Factura', plans: 'Planes',
    timesIn: (zone) => `Horas en ${zone}`, localTimes: 'Hora local',
  },
  overview: {
    standing: 'Su situación', balance: 'Saldo de créditos', used: 'Usado en este período', usedNote: 'cuotas y uso hasta ahora', due: 'A pagar al final', dueNote: 'tras los créditos, a día de hoy', plan: 'Plan actual', until: (day) => `hasta el ${day}`,
    limits: 'Cantidades incluidas y límites', limitsNote: 'Una cifra en directo cuenta lo ya liquidado; lo que está en curso llega en menos de un segundo.', noLimits: 'Solo sus créditos limitan el uso',
    notUsed: 'sin usar la última semana', runwayYear: 'para más de un año a este ritmo', runwayDay: 'para menos de un día a este ritmo', runway: (days) => `para unos ${plural(days, 'día', 'días')} a este ritmo`,
    period: 'Período de facturación', periodGone: 'Parte del período ya transcurrida', daysLeft: (days) => `quedan ${plural(days, 'día', 'días')}`, compare: 'Comparar planes', addCredits: 'Añadir créditos',
  },
  usage: {
    usage: 'Uso', usageIn: (time) => `Uso, ${time}`, note: 'Uso contabilizado: nunca cambia, solo crece.', zoomOut: '← Alejar', compare: 'Comparar', compareTitle: 'Junto al mismo tiempo anterior.', before: 'antes', timeBefore: 'el tiempo anterior', figure: 'Magnitud', charges: 'Importes', events: 'Eventos', group: 'Grupo', time: 'Tiempo',
    byModel: 'Por modelo', byFeature: 'Por función', byTeam: 'Por equipo o persona', byCustomer: 'Por cliente', byDay: 'Por día',
    spans: { '24h': 'Últimas 24 horas', '7d': 'Últimos 7 días', '30d': 'Últimos 30 días', '90d': 'Últimos 90 días' }, spansBefore: { '24h': 'las 24 horas anteriores', '7d': 'los 7 días anteriores', '30d': 'los 30 días anteriores', '90d': 'los 90 días anteriores' },
    none: 'Sin uso en este tiempo', noneDetail: 'Aparece aquí en menos de un segundo tras la primera solicitud.', by: ({ figure, group }) => `${figure} por ${group}`, usageBy: (group) => `Uso por ${group} y contador`,
    byWhat: 'En qué', model: 'Modelo', feature: 'Función', entity: 'Equipo o persona', customer: 'Cliente', day: 'Día', meter: 'Contador', quantity: 'Cantidad', charge: 'Importe', sum: 'Suma', others: 'otros', noModel: 'sin modelo', noFeature: 'sin función', noTeam: 'sin equipo',
  },
  compare: { none: (than) => `nada en ${than}`, noneEither: (than) => `tampoco nada en ${than}`, as: (than) => `como en ${than}`, more: 'más', less: 'menos', than: (than) => `que en ${than}` },
  breakdown: {
    title: 'De qué se compone', note: 'Los importes del uso de este período; suman el uso de la factura. Un clic en una línea de arriba muestra los propios eventos.', none: 'Aún no hay uso en este período', label: 'Importes del período', used: 'Usado', charged: 'Cobrado', together: 'En total', notStated: 'sin indicar',
  },
  events: {
    title: 'Cada evento facturable, con su importe', none: 'Aún no hay eventos aquí', noneDetail: 'Aparecen en menos de un segundo tras liquidarse.', label: 'Eventos de uso', time: 'Hora', model: 'Modelo o tipo', feature: 'Función', used: 'Usado', cost: 'Coste', charge: 'Importe', details: 'Detalles',
    estimated: 'estimado', estimatedTitle: 'Contado por nosotros, porque el proveedor no indicó el uso.', detailsOf: (time) => `Detalles del evento de ${time}`, how: 'Cómo se llega al importe', price: 'Precio', included: 'Incluido', before: 'Antes', beforeTitle: 'Cantidad facturable del período antes de este evento', isIncluded: 'incluido',
    paid: 'Pagado', nothingDue: 'no había nada que pagar', fromCredits: (block) => `de los créditos ${block}`, onInvoice: 'en la factura', owed: 'pendiente', ratedBy: (version) => `Calculado con la versión ${version} de la lista de precios.`, what: 'Qué se usó', run: 'ejecución', entity: 'entidad', event: 'evento', providerCost: 'coste del proveedor',
    export: 'Exportar como CSV', read: (count) => `${count} leídos`, stop: 'Detener',
  },
  lines: {
    verify: 'Comprobar línea a línea', same: 'recalculado, y coincide', differs: 'difiere de lo cobrado', underPlan: (plan) => `con el plan ${plan}`, excluded: (reason) => `no cobrado: ${reason}`, notPriced: 'sin precio', on: (meter) => `sobre ${meter}`,
    tier: (tier) => ` del tramo ${tier}`, at: (price) => `a ${price}`, each: ' cada una', per: (units) => ` por ${units}`, rate: (rate) => `al tipo de ${rate}`,
  },
  verify: {
    title: 'Comprobar', note: 'Cada asiento lleva una huella de sí mismo y del anterior, y el final de esa cadena se firma cada día. Su navegador lo calcula todo de nuevo.', now: 'Comprobar ahora', checked: (count) => `${count} comprobados`,
    idle: 'Nada de lo asentado puede cambiarse, omitirse o añadirse sin que se descubra aquí.', idleCommand: 'hace lo mismo sin esta página.', broken: 'no como se asentó', good: 'comprobado',
    found: ({ count, text }) => `${text} ${count === 1 ? 'asiento' : 'asientos'}: nada se ha cambiado, omitido ni añadido.`, unsigned: 'El primer punto de control se firma en un día.',
    signed: ({ to, count }) => `Firmado hasta el asiento ${to}, con ${plural(count, 'punto de control', 'puntos de control')}.`, key: (id) => `Clave ${id}:`, noTls: 'Esta página se abrió sin TLS, donde un navegador no tiene criptografía: ábrala por https, o use tollgate verify.',
    gap: ({ after, next }) => `Tras el asiento ${after} viene ${next}: algo se omitió o se insertó.`, changed: ({ position, id }) => `El asiento ${position} (${id}) no es el que se asentó.`,
    unfit: (position) => `El punto de control firmado en el asiento ${position} no encaja.`, gone: (position) => `Se firmó un punto de control en el asiento ${position}, que ya no está aquí.`,
  },
  credits: {
    title: 'Créditos', forFeatures: (list) => `Para ${list}`, forFeaturesNote: 'se usan antes que el saldo, solo para esto', paysFor: 'Paga', balance: 'Saldo', balanceNote: 'lo que sus solicitudes pueden usar ahora', assetNote: 'para un plan con precios en esta unidad', owed: 'Pendiente', owedNote: 'los próximos créditos lo saldan primero', blocks: 'Créditos, y cuándo caducan', blocksNote: 'Lo que caduca antes se usa antes.', none: 'Aún no hay créditos', addFirst: 'Añada los primeros:',
    label: 'Bloques de créditos', added: 'Añadidos', kind: 'Clase', left: 'Quedan', of: 'De', shareLeft: 'Parte restante', leftOf: (id) => `Resto de ${id}`, expires: 'Caduca', ended: 'caducados', endedTitle: 'Pagan lo que se admitió antes de caducar, hasta que esté liquidado.',
  },
  buy: {
    title: 'Añadir créditos', notSold: 'Los créditos los añade quien gestiona este servicio. Cuentan desde que se añaden.', note: 'Se pagan en la página del proveedor de pagos; cuentan en cuanto el pago se completa.', noteReader: 'Un administrador suyo puede comprarlos.', amount: (asset) => `Créditos en ${asset}`, ofItTax: 'de ellos', tax: 'de impuestos', onTop: 'de regalo', opening: 'Abriendo …', buy: 'Comprar',
    purchases: 'Compras', purchasesNote: 'Los créditos se abonan una vez, cuando el pago se ha completado.', when: 'Cuándo', why: 'Por qué', state: 'Estado', credits: 'Créditos', paid: 'Pagado', byItself: 'recargado por sí solo', bought: 'comprado',
  },
  recharge: {
    title: 'Se recarga por sí solo', note: 'Compra créditos cuando baja el saldo, una compra cada vez y nunca más allá de su tope.', switchOn: 'Activar …', switchOff: 'Desactivar', off: 'Desactivado: cuando se agotan los créditos, las solicitudes se rechazan hasta que alguien añada más.', on: 'activado', stopped: 'detenido',
    atOrBelow: 'Con', buys: 'o menos compra', upTo: 'hasta', atMost: ', como máximo por', aMonth: 'al mes', stoppedAt: 'Se detuvo', stoppedWhy: (reason) => `porque fallaron pagos: ${reason}. Fíjelo de nuevo para seguir.`,
    dialog: 'Dejar que los créditos se recarguen solos', lead: 'Se carga la tarjeta guardada cuando el saldo baja al umbral. Tras tres pagos fallidos se detiene por sí solo.', submit: 'Activar', threshold: (asset) => `Umbral, en ${asset}`, most: 'Como máximo al mes, sin impuestos', mostHint: 'Sin tope si se deja vacío.', what: 'Compra', same: 'siempre lo mismo', fill: 'lo que falta hasta el saldo', amount: 'Créditos cada vez', target: 'Saldo que alcanzar',
  },
  notices: {
    title: 'Cuándo se le avisa', note: 'Por sus webhooks, el flujo en directo y por correo a quien figura en Límites, una vez por cada cruce.', never: 'Nunca: nadie ha fijado un saldo ni un número de días.', when: 'cuando quedan', orLess: 'o menos', daysBefore: (days) => `${plural(days, 'día', 'días')} antes de que caduquen créditos`,
    lead: 'Además de lo que fijó el operador, que permanece.', balances: (asset) => `Con un saldo de, en ${asset}`, balancesHint: 'Varios separados por comas, como 10, 2.', days: 'Días antes de caducar', daysHint: 'Como 7, 1.',
  },
  redeem: { title: 'Canjear un código', note: 'Cuenta desde que se acepta.', code: 'Código', redeem: 'Canjear', taken: 'Se ha aceptado, y está en vigor.' },
  limits: {
    title: 'Límites', note: 'Decide el más estricto que afecta a una solicitud.', stopAll: 'Detener todo …', setCap: 'Fijar un tope propio', none: 'No hay límites fijados', noneAdmin: 'Un tope propio detiene el gasto en el importe que usted elija.', noneReader: 'Un administrador suyo puede fijar un tope.', members: 'Miembros', remove: 'Quitar', everything: 'todo',
    softTitle: 'Deja pasar, y avisa.', meteredTitle: 'Solo cuenta.', observed: 'solo observado', observedTitle: 'Se decide, registra y muestra, pero nada se rechaza.', byCustomer: 'fijado por el cliente', each: (who) => `por ${who}`, forEntity: (name) => `para ${name}`, of: 'de', used: (share) => `${share} usado`, usedOf: ({ name, share }) => `${name}: ${share} usado`,
    overBy: 'superado en', left: 'restantes', held: 'reservados por las pasarelas', startsAnew: 'empieza de nuevo', usedUp: 'agotado', atPace: 'al ritmo de los últimos diez minutos', cameOver: 'traspasados de antes', worstCase: 'en el peor caso superado en', features: (list) => `para ${list}`, counts: (list) => `cuenta ${list}`,
  },
  members: {
    title: (name) => `${name}: sus miembros`, lead: 'Cada uno tiene', unless: ', salvo que aquí se fije otro.', none: 'Nadie lo ha usado en este período', label: 'Miembros', member: 'Miembro', used: 'Usado', of: 'De', common: 'El límite común', joined: 'Separados por comas.', itsId: 'Su identificador.', limitIn: (unit) => `Límite en ${unit}`, set: 'Fijar su límite', unused: 'aún sin usar',
    has: 'tiene desde ahora', fromNow: '.', usedOf: ({ name, share }) => `${name}: ${share} usado`,
  },
  cap: {
    setTitle: 'Fijar un tope', changeTitle: (name) => `Cambiar ${name}`, lead: 'En vigor en cada pasarela en cuanto responde: lo que no cabe se detiene antes de costar nada.', name: 'Nombre', nameHint: 'Se muestra a las personas.', idWillBe: 'Su identificador será', idIs: 'Su identificador es', limitNew: 'Límite, en la moneda del plan', window: 'Intervalo', appliesTo: 'Se aplica a', everything: 'Todo', limitIs: 'El límite es', all: 'para todos juntos', each: 'para cada persona', exhausted: 'Cuando se agota', doesNotFit: 'Una solicitud que no cabe', otherModel: 'Modelo que se usa en su lugar',
    hard: 'Rechazar lo que no cabe', soft: 'Dejar pasar y avisar', metered: 'Solo contar', deny: 'Rechazar', clamp: 'Acortar la respuesta hasta que quepa', fallback: 'Usar otro modelo', overage: 'Seguir y pagar', told: 'Se avisa –flujo en directo, webhooks y correo– cuando se ha usado el', observe: 'Solo observar: se decide, registra y muestra, pero nada se rechaza',
  },
  mail: {
    title: 'A quién se avisa por correo', note: 'Cuando un límite se usa hasta cierta parte, y cuando los créditos se agotan o caducan. Cada dirección confirma primero.', notSet: 'Quien gestiona este servicio no ha fijado un servidor de correo: aún no se avisa a nadie.', none: 'Aún no se avisa a nadie por correo', noneDetail: 'Añada una dirección, y se le preguntará.', add: 'Añadir a alguien', label: 'Personas a las que se avisa', email: 'Dirección', shares: 'Con', budgets: 'De', credits: 'Créditos', state: 'Estado', allBudgets: 'cada límite', askAgain: 'Preguntar de nuevo', remove: 'Quitar',
    waiting: 'preguntado', confirmed: 'avisado', left: 'dado de baja', refused: 'rechazado', dialogAdd: 'Avisar a alguien por correo', dialogChange: (email) => `De qué se avisa a ${email}`, lead: 'La dirección recibe una pregunta, y nada más hasta que diga que sí.', emailHint: 'Alguien suyo, o una lista.', when: 'Se avisa cuando se ha usado el', ofWhat: 'Qué límites', creditsToo: 'También cuando los créditos se agotan o caducan', language: 'Idioma', ofCustomer: 'como esta página', submitAdd: 'Preguntar a la dirección', asked: (email) => `Se ha preguntado a ${email}. Se le avisa desde que lo confirme.`,
  },
  link: {
    confirmTitle: 'Avisos por correo', confirmLead: 'Alguien ha pedido que se avise a esta dirección cuando se agoten los límites y los créditos.', confirm: 'Sí, avisarme', confirmed: ({ email, customer }) => `${email} recibe desde ahora los avisos de ${customer}. Cada correo tiene un enlace que los termina.`, leaveTitle: 'No más avisos', leaveLead: 'Esta dirección no recibirá más correos sobre límites y créditos.', leave: 'Darse de baja', left: ({ email, customer }) => `${email} no recibirá más correos de ${customer}.`, broken: 'Este enlace no está completo', brokenDetail: 'Ábralo de nuevo desde el correo, con todo lo que sigue al #.',
  },
  freeze: {
    title: (name) => `¿Detener ${name}?`, lead: 'Cada pasarela rechaza las solicitudes en cuanto responde; lo que está en curso termina como se admitió.', submit: 'Detener', hits: 'Afecta a', keys: 'claves,', teams: 'equipos y personas', hadEvents: ', y a lo que tuvo', lastHour: 'eventos en la última hora', why: 'Por qué', whyHint: 'Lo lee quien es rechazado.', stopped: 'Detenido:', lift: 'Levantar',
  },
  invoice: {
    running: 'Período en curso', preview: 'vista previa', read: 'leído', onPlan: (plan) => `plan contratado ${plan}`, none: 'Aún no hay nada que pagar en este período', label: 'Líneas de la factura en curso', line: 'Línea', quantity: 'Cantidad', included: 'Incluido', charged: 'Cobrado', exact: 'Exacto', amount: 'Importe', events: (count) => plural(count, 'evento', 'eventos'),
    subtotal: 'Base', inPlan: 'Incluido en el plan', promotional: 'Pagado con créditos promocionales', taxIncluded: ', incluido', prepaid: 'Pagado con créditos prepagados', rounding: 'Redondeo, impreso menos exacto', due: 'A pagar',
    invoices: 'Facturas', invoicesNote: 'Lo emitido no cambia: un error se corrige con una nota de crédito.', noneYet: 'Aún no se ha emitido ninguna factura', noneYetDetail: 'La primera se emite cuando termina un período de facturación.', number: 'Número', customer: 'Cliente', period: 'Período', state: 'Estado', total: 'Importe total', draft: 'borrador', titled: (number) => `Factura ${number}`, linesOf: 'Líneas de la factura', pdf: 'PDF', pdfOf: (number) => `PDF de la factura ${number}`,
    notes: 'Notas de crédito', notesNote: 'Devuelto de una factura, con su impuesto.', ofInvoice: 'De la factura', written: 'Emitida', why: 'Por qué', net: 'Neto', tax: 'Impuesto',
  },
  plans: {
    none: 'No hay nada que elegir', noneDetail: 'Pregunte por otros planes a quien gestiona este servicio.', changeTo: (name) => `Cambiar a ${name}`, changeToAsk: (name) => `¿Cambiar a ${name}?`, sideBySide: 'Comparados', subscription: 'Su suscripción', subscriptionNote: 'Lo que fue, y lo que viene por sí solo.', lead: 'Lo usado de una cantidad incluida sigue usado. Lo que cuesta más vale al instante, lo que cuesta menos desde el próximo período.', working: 'Calculando lo que cuesta',
    publicTitle: 'Planes', publicLead: 'Lo que cuesta e incluye cada uno. Para cambiar de plan, pregunte a quien gestiona esta pasarela: vale al instante.', publicNone: 'No hay planes públicos', topUpTitle: 'Añadir créditos', topUpLead: 'Se rechazó una solicitud porque el saldo de créditos es demasiado bajo para lo que puede costar. Los créditos los añade quien gestiona esta pasarela, y cuentan en cuanto su llamada responde:', topUpNote: 'El operador puede enviarle a una página propia: vea TOLLGATE_PUBLIC_URL.',
  },
  change: {
    label: 'Lo que cuesta', more: 'cuesta más', notMore: 'no cuesta más', inForce: 'en vigor', onDay: (day) => `el ${day}`, atOnce: 'al instante', nothingLater: 'No se cobra ni se devuelve nada: el período en curso queda como está.', nothingNow: 'No hay nada que pagar por el resto del período en curso.', back: 'Devuelto en la próxima factura', due: 'A pagar por el resto del período', ofPeriod: ({ seconds, all, whole, currency }) => `${seconds} de ${all} segundos del período, de ${whole} ${currency}`, period: ({ from, to }) => `Período ${from} – ${to}, repartido al segundo.`,
  },
  timeline: {
    changesTo: (what) => `Cambia a ${what}`, plan: (plan) => `plan contratado ${plan}`, seats: (count) => plural(count, 'plaza', 'plazas'), ordered: 'Pedido; puede retirarse hasta entonces.', unless: (reason) => `${reason}, salvo que antes ocurra algo`, now: 'Ahora', none: 'Aún no se ha comunicado nada', takenBackBy: (number) => ` · retirado por el número ${number}`, takesBack: (number) => ` · retira el número ${number}`,
  },
  widgets: {
    yourPlan: 'su plan', a: (period) => `al ${period}`, and: (list) => `y ${list}`, included: 'Incluido', beyond: 'Más allá', limits: 'Límites', features: 'Funciones', costs: 'Cuesta', aPeriod: 'Un período', what: 'Qué', sideBySide: 'Planes comparados', yourPlanAside: ', su plan',
    fundedByWallet: 'Más allá de lo incluido pagan los créditos. Cuando se agotan, las solicitudes se rechazan.', fundedByInvoice: 'Más allá de lo incluido, el uso va en la factura.', funded: 'Cuando se agota lo incluido, las solicitudes se rechazan hasta el próximo período.',
    nudge: ({ share, name }) => `${share} de ${name} usado`, over: ({ amount, limit }) => `Superado en ${amount}, de ${limit}`, left: ({ amount, limit }) => `Quedan ${amount} de ${limit}`, anew: (day) => `; empieza de nuevo el ${day}.`,
    good: 'Conviene saberlo', late: 'Un pago se retrasa', blocked: 'Las solicitudes se rechazan', attention: 'Requiere su atención', everythingWorks: 'Todo funciona aún. Pague la factura abierta, y seguirá así.', everythingUntil: (day) => `Todo funciona aún hasta el ${day}. Pague la factura abierta, y seguirá así.`, accountIs: (state) => `Esta cuenta está: ${state}`, pay: 'Las solicitudes se rechazan mientras tanto. Pague lo pendiente, o hable con soporte.', speak: 'Las solicitudes se rechazan mientras tanto. Hable con soporte.', ends: (day) => `La suscripción termina el ${day}. Reactívela antes para conservarla.`,
    creditsToday: 'Los créditos se acaban hoy', creditsDays: (days) => `Créditos para unos ${plural(days, 'día', 'días')}`, creditsLeft: (amount) => `Quedan ${amount}, al ritmo de la última semana.`, refused: 'Rechazado', usedOf: ({ used, limit }) => `${used} de ${limit} usado`, anewOn: (day) => `Empieza de nuevo el ${day}`, addCredits: 'Añadir créditos', compare: 'Comparar planes', upgrade: 'Cambiar de plan', settle: 'Pagar', choose: 'Elegir',
  },
  windows: { second: 'por segundo', minute: 'por minuto', hour: 'por hora', day: 'al día', week: 'a la semana', month: 'al mes', billing_period: 'por período de facturación', quarter: 'al trimestre', year: 'al año', lifetime: 'en total' },
  terms: {
    allowance: 'cantidad incluida', limit: 'límite', cap: 'tope', wallet: 'créditos', hard: 'estricto', soft: 'flexible', metered: 'contado', second: 'segundo', minute: 'minuto', hour: 'hora', day: 'día', week: 'semana', month: 'mes', quarter: 'trimestre', year: 'año', billing_period: 'período de facturación', lifetime: 'en total',
    paid: 'pagado', promotional: 'promocional', draft: 'borrador', open: 'abierta', void: 'anulada', uncollectible: 'incobrable', pending: 'pendiente', asked: 'solicitado', succeeded: 'completado', failed: 'fallido', user: 'persona', model: 'modelo', feature: 'función', team: 'equipo', customer: 'cliente', key: 'clave', entity: 'equipo o persona',
    active: 'activa', trialing: 'en prueba', grace: 'en gracia', suspended: 'suspendida', paused: 'en pausa', disputed: 'en disputa', incomplete: 'incompleta', cancelled: 'cancelada', expired: 'caducada', good: 'al día',
    created: 'creada', trial_started: 'prueba iniciada', trial_ending: 'la prueba termina pronto', trial_extended: 'prueba prolongada', trial_converted: 'prueba convertida', activated: 'activada', grace_entered: 'en período de gracia', payment_reminder: 'recordatorio de pago', recovered: 'regularizada', resumed: 'reanudada', dispute_resolved: 'disputa resuelta', cancellation_scheduled: 'cancelación prevista', cancellation_unscheduled: 'cancelación retirada', reactivated: 'reactivada', plan_changed: 'plan cambiado', seats_changed: 'plazas cambiadas', add_ons_changed: 'complementos cambiados', change_scheduled: 'cambio previsto', change_unscheduled: 'cambio retirado', renewed: 'renovada', event_voided: 'evento anulado',
    late_usage: 'uso tardío', proration: 'prorrateo', item: 'concepto', units: 'unidades', tier_units: 'unidades del tramo', tier_flat: 'importe fijo del tramo', packages: 'paquetes', free: 'gratis', percentage: 'porcentaje', fixed: 'fijo', minimum: 'mínimo', maximum: 'máximo', cost: 'coste', margin: 'margen', given: 'indicado', outcome: 'resultado', seats: 'plazas', flat: 'tarifa plana', discount: 'descuento', rounding: 'redondeo',
    credit_balance_exhausted: 'créditos agotados', limit_exhausted: 'límite agotado', allowance_exhausted: 'cantidad incluida agotada', rate_limited: 'demasiadas solicitudes', feature_not_entitled: 'función no incluida', model_not_allowed: 'modelo no permitido', model_unpriced: 'modelo sin precio', not_in_good_standing: 'cuenta no al día', frozen: 'detenido', run_halted: 'ejecución detenida', budget_unavailable: 'límite inaccesible',
    input_tokens: 'tokens de entrada', output_tokens: 'tokens de salida', cached_input_tokens: 'tokens de entrada en caché', cache_write_tokens: 'tokens escritos en caché', reasoning_tokens: 'tokens de razonamiento', requests: 'solicitudes', events: 'eventos', token: 'tokens', tokens: 'tokens', event: 'eventos', request: 'solicitudes', credit: 'créditos', credits: 'créditos',
  },
  problems: {
    unreachable: 'Sin respuesta', required: 'Falta algo', invalid_value: 'Un valor no se acepta', invalid_decimal: 'Un número no es un decimal simple', out_of_range: 'Un número está fuera de rango', too_long: 'Un texto es demasiado largo', too_many_digits: 'Un número tiene demasiados decimales', wrong_scope: 'Esta página no puede hacer eso', not_found: 'No existe', credits_not_sold: 'Aquí no se venden créditos', plan_changes_off: 'Esta página no puede cambiar el plan', unknown_plan: 'No existe ese plan', code_refused: 'El código no puede canjearse', unknown_code: 'El código no se conoce', too_many_codes: 'Se probaron demasiados códigos',
    budget_of_operator: 'Este límite lo fija quien gestiona el servicio', invalid_email: 'Una dirección de correo no se acepta', mail_not_set: 'No hay servidor de correo', too_many_asks: 'Ya se preguntó bastante a la dirección', link_ended: 'El enlace ha caducado', provider_not_set: 'El proveedor de pagos no está configurado', billed_by_provider: 'Un proveedor factura esta suscripción', subscription_state: 'La suscripción no lo permite ahora', invalid_api_key: 'Este enlace ha caducado', internal: 'Algo ha fallado en el servidor',
  },
}
