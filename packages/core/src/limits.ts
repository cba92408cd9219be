// Every bound of the system in one place, each with its reason. A number here is a promise to whoever operates Tollgate:
// nothing that a caller sends can grow past it.

/** Largest request body at the gateway: long contexts with a few inline images; the providers' own limits are near it. */
export const GATEWAY_BODY_BYTES_MAX = 32 * 1024 * 1024
/** Largest upstream JSON answer that is held in memory to put its charge into a header; a larger one streams through. */
export const UPSTREAM_JSON_BUFFER_BYTES_MAX = 8 * 1024 * 1024
/** Longest single SSE event that is searched for usage; a longer one passes unread and the end of the stream still counts. */
export const SSE_EVENT_BYTES_MAX = 4 * 1024 * 1024
/** Largest API body: a batch of events. */
export const API_BODY_BYTES_MAX = 8 * 1024 * 1024
/** Request head (line and headers): Node's default, said here because a larger one invites slow-header attacks. */
export const HEADER_BYTES_MAX = 16 * 1024
/** A client that has not finished its headers by then is cut (slowloris). */
export const HEADERS_TIMEOUT_MS = 10_000
/** A client that has not finished its body by then is cut. */
export const REQUEST_TIMEOUT_MS = 120_000
/** Silence of an upstream after which its stream counts as broken: longer than any model's thinking pause seen. */
export const UPSTREAM_IDLE_TIMEOUT_MS = 120_000
/** Requests of one node that wait for a rate, and of them for one customer: each holds a connection and its body. */
export const QUEUED_MAX = 2_000
export const QUEUED_PER_CUSTOMER_MAX = 100
/** Bytes of answers that one gateway keeps to replay, of them for one customer, and of one answer: the memory is shared by all tenants. */
export const CACHE_BYTES_MAX = 128 * 1024 * 1024
export const CACHE_BYTES_PER_CUSTOMER_MAX = CACHE_BYTES_MAX / 4
export const CACHE_ANSWER_BYTES_MAX = 1024 * 1024
/** Answers that are kept in the database for all gateways: all together, and those of one owner. Past it nothing more is kept until the oldest have gone. */
export const SHARED_ANSWERS_BYTES_MAX = 1024 * 1024 * 1024
export const SHARED_ANSWERS_PER_OWNER_BYTES_MAX = SHARED_ANSWERS_BYTES_MAX / 8
/** How long a request waits for such an answer: a tenth of what the provider takes. */
export const SHARED_ANSWER_WAIT_MS = 250
/** Answers of one gateway that are on their way there. */
export const SHARED_ANSWERS_WAITING_BYTES_MAX = 32 * 1024 * 1024
/** How long an answer may be kept. */
export const CACHE_TTL_SECONDS_MAX = 30 * 86_400
/** How long a stream is drained after its client has gone, to learn the true usage. */
export const DRAIN_TIMEOUT_MS = 10_000
/** How many bytes are drained for it. */
export const DRAIN_BYTES_MAX = 1024 * 1024
/** How long prompts may be kept, a year; patterns of an operator's own that are looked for in each, and letters of one. */
export const PROMPT_DAYS_MAX = 365
export const PROMPT_PATTERNS_MAX = 20
export const PROMPT_PATTERN_LENGTH_MAX = 500
/** Size of a pattern as compiled: counted repetitions make little text a lot of work. */
export const PROMPT_PATTERN_PROGRAM_MAX = 2_000
/** Bytes of a request's body that are looked at where its prompt is kept; of a larger one only the answer is. */
export const PROMPT_BODY_BYTES_MAX = 1024 * 1024
/** Letters that are kept of a prompt, and of an answer: a person reads them. */
export const PROMPT_TEXT_MAX = 64 * 1024
/** Prompts, and bytes of them, that wait in one gateway to be redacted and stored; further ones are not kept, and counted. */
export const PROMPTS_WAITING_MAX = 1_000
export const PROMPTS_WAITING_BYTES_MAX = 32 * 1024 * 1024
/** Prompts of one call to the control plane, and its bytes. */
export const PROMPTS_PER_CALL_MAX = 50
export const PROMPT_CALL_BYTES_MAX = 2 * 1024 * 1024
/** Events in one ingest call. */
export const EVENTS_PER_REQUEST_MAX = 5_000
/** Bytes of one event: dimensions are labels, not documents. */
export const EVENT_BYTES_MAX = 64 * 1024
/** Dimensions of one event, and the length of one value. */
export const DIMENSIONS_MAX = 32
export const DIMENSION_LENGTH_MAX = 256
/** Events waiting for settlement in one control plane; above it ingest answers 429 and the nodes' journals wait on disk. */
export const SETTLEMENT_QUEUE_MAX = 50_000
/** Events in one settlement transaction: large enough to amortise the commit, small enough to hold locks for < 100 ms. */
export const SETTLEMENT_BATCH_MAX = 2_000
/** Transactions that settle the parts of one batch side by side, each of its own customers: one works while the other waits for its commit. */
export const SETTLEMENT_LANES = 2
/** Events below which a part of a batch is not worth a transaction of its own. */
export const SETTLEMENT_LANE_EVENTS_MIN = 200
/** Bytes of journal that a node ships in one call. */
export const SHIP_BYTES_MAX = 1024 * 1024
/** A journal segment is closed at this size and deleted when it is settled. */
export const JOURNAL_SEGMENT_BYTES_MAX = 64 * 1024 * 1024
/** Journal on disk that is not yet settled; past it a node admits nothing new, because it could not record it. */
export const JOURNAL_BYTES_MAX = 4 * 1024 * 1024 * 1024
/** Keys and customers that a node keeps compiled in memory. */
export const SNAPSHOTS_PER_NODE_MAX = 50_000
/** How often a gateway tells again which upstreams rest, while any does. */
export const RESTS_TOLD_EVERY_MS = 5_000
/** Keys that are looked up in one call of a node, and keys that wait for the next call; calls follow each other, so that a flood of keys is not one of queries. */
export const KEYS_PER_LOOKUP_MAX = 500
export const KEY_LOOKUPS_WAITING_MAX = 5_000
/** Keys that a node knows to be none: apart from those that are, which a flood must not drive out. */
export const UNKNOWN_KEYS_PER_NODE_MAX = 10_000
/** Open reservations of one node. */
export const RESERVATIONS_PER_NODE_MAX = 200_000
/** Requests in flight for one customer on one node: one tenant cannot take all sockets. */
export const IN_FLIGHT_PER_CUSTOMER_MAX = 2_000
/** How long a reservation by API stays open unless the caller asks otherwise, and the longest that may be asked. */
export const RESERVATION_TTL_MS = 15 * 60_000
/** A credit block pays for what was admitted until this long after it was taken off its wallet: until then every reachable node has heard of it. */
export const BLOCK_ENDS_MARGIN_MS = 10_000
/** How long after that it is kept for the settlements of what was admitted: as long as a request of the gateway may run, and a quarter of an hour for its journal. */
export const BLOCK_CLOSING_MS = 2 * RESERVATION_TTL_MS
export const RESERVATION_TTL_MS_MAX = 24 * 60 * 60_000
/** How long what a provider does in the background is held, and asked about: its batches end within a day, and tell for some hours more. */
export const BACKGROUND_TTL_MS = 31 * 60 * 60_000
/** How long a finished reservation answers replays from memory; after it the dedupe table of settlement still holds. */
export const RESERVATION_REPLAY_MS = 10 * 60_000
/** Recorded denials of one key in one second; more are counted, not written. */
export const DENIALS_RECORDED_PER_SECOND = 5
/** Largest lease in hold units (nano-units of money, or meter units): sums of a few stay below 2^53. */
export const LEASE_UNITS_MAX = 2 ** 50
/** A node that was not heard of for this long counts as silent: its leases are in doubt. Longer than a restart of PostgreSQL, so that one stops nobody. */
export const LEASE_TTL_MS = 10 * 60_000
/** By how much earlier a node itself stops admitting: more than two clocks drift apart in that time. */
export const LEASE_MARGIN_MS = 30_000
/** How often a node says that it lives. */
export const LEASE_RENEW_MS = 5_000
/** How long a silent node's leases on soft budgets are kept for it: passing those is no harm, idle budget is. */
export const DOUBT_SOFT_MS = 15 * 60_000
/** How long those on hard budgets are: as long as a reservation may live. After it, what the node still claims is the operator's loss. */
export const DOUBT_HARD_MS = 24 * 60 * 60_000
/** How long the hold of a gateway's request stands when its process died: longer than a provider works on one. */
export const DOUBT_REQUEST_MS = 15 * 60_000
/** Requests in doubt, or silent nodes, that are handled in one turn. */
export const DOUBTS_PER_TURN_MAX = 1_000
/** Acquires that share one transaction: all that wait, up to this. */
export const ACQUIRES_PER_BATCH_MAX = 256
/** Transactions of acquires at once: while one waits for its commit the next is being read. */
export const ACQUIRE_LANES = 2
/** Transactions of nodes that give back at once: what comes of one recall from several nodes is mostly of one budget, whose row only one can have. */
export const GIVE_BACK_LANES = 2
/** Answers to a node's calls that the authority remembers, so that a repeated one gets the first answer. */
export const ANSWERS_REMEMBERED = 1_000
/** Recalls that one node has not answered yet. A node that has so many does not answer at all. */
export const RECALLS_PER_NODE_MAX = 10_000
/**
 * Time that the authority waits for nodes to give back idle slices before it refuses. They answer in a few milliseconds; on a machine that is full
 * it takes many times that, and a wait is less harm than a wrong denial. A node that has once not answered is not waited for until it does.
 */
export const RECALL_WAIT_MS = 1_000
/** Deadline of a call from a node to its authority. */
export const AUTHORITY_TIMEOUT_MS = 5_000
/** Page sizes of lists. */
export const PAGE_SIZE_DEFAULT = 50
export const PAGE_SIZE_MAX = 1_000
/** Live connections to the event stream of one control plane. */
export const STREAM_CLIENTS_MAX = 500
/** Of them for one customer: a page that reconnects in a loop leaves room for the others. */
export const STREAM_CLIENTS_PER_CUSTOMER_MAX = 50
/** Bytes that wait for one of them before it is cut; it resumes where it was. */
export const STREAM_BUFFER_BYTES_MAX = 1024 * 1024
/** Rows of one usage report: a year by day and a few dozen models fit, a year by hour does not. */
export const USAGE_ROWS_MAX = 50_000
/** Webhook endpoints of one deployment: each reads every message. */
export const WEBHOOK_ENDPOINTS_MAX = 500
/** How long an endpoint may take to answer: the standard asks for 15 to 30 s. */
export const WEBHOOK_TIMEOUT_MS = 15_000
/** Bytes of an answer that are read before its connection is closed: only the status counts. */
export const WEBHOOK_ANSWER_BYTES_MAX = 64 * 1024
/** Deliveries that are under way at once, and of them to one endpoint: one that hangs leaves room for the others. */
export const WEBHOOK_DELIVERIES_MAX = 64
export const WEBHOOK_DELIVERIES_PER_ENDPOINT_MAX = 8
/** Events may be this late and this far ahead of our clock. */
export const EVENT_AGE_MS_MAX = 400 * 86_400_000
export const EVENT_AHEAD_MS_MAX = 5 * 60_000
/** Bytes of a catalog's YAML: hundreds of plans and a rate for every model on the market fit; the parser takes seconds for much more. */
export const CATALOG_BYTES_MAX = 1024 * 1024
/** Values in a catalog with its aliases expanded, and how deep they nest: a few bytes of YAML can name billions. */
export const CATALOG_VALUES_MAX = 100_000
export const CATALOG_DEPTH_MAX = 16
/** Catalog versions whose times are remembered: usage that is told later than so many changes is priced by the one in force now; with rates imported daily that is two years. */
export const CATALOG_HISTORY_MAX = 1_000
/** Files laid over a catalog: base, region, environment and a few more. */
export const CATALOG_OVERLAYS_MAX = 8
/** Invoices that are handed over in one turn of the job, one after the other; how often one is tried, and the longest pause between. */
export const HANDOVERS_AT_ONCE = 50
export const HANDOVER_ATTEMPTS_MAX = 20
export const HANDOVER_BACKOFF_MS_MAX = 3_600_000
/** Spans of usage that are handed over in one turn of the job, some seconds of calls one after the other; how long a span rests after its end, so that usage that comes a little late needs no record of its own. */
export const HANDED_USAGE_AT_ONCE = 500
export const HANDED_USAGE_DELAY_MS = 10 * 60_000
/** Meters that are handed over, and customers with their meters in one reconciliation of usage: each is a question to the receiver. */
export const HANDED_METERS_MAX = 50
export const RECONCILED_USAGE_MAX = 2_000
/** Days, features and models of one line of an invoice: a month of a hundred features and three models. */
export const LINE_CHARGES_MAX = 10_000
/** Longest pause that a receiver may ask for: one that asks for more is asked again sooner. */
export const PROVIDER_PAUSE_MS_MAX = 3_600_000
/** Invoices of one reconciliation with a receiver: a report that is read by a person, made in one request. */
export const RECONCILED_INVOICES_MAX = 20_000
/** Entries of a re-rating that are posted in one transaction, whose customers wait for it with their settlement. */
export const RERATING_ENTRIES_AT_ONCE = 100
/** Earlier plans that subscribers keep: they travel to every node with the catalog. */
export const KEPT_PLANS_MAX = 200
/** Problems listed for one catalog; whoever has more reads the first ones first. */
export const CATALOG_PROBLEMS_MAX = 100
/** Entries of imported rates: the largest public list has three thousand; each node keeps them compiled. */
export const RATES_IMPORTED_MAX = 10_000
/** Price lists in one import. */
export const RATE_LISTS_MAX = 8
/** Models without a price that are remembered: names come from providers' answers. */
export const UNPRICED_MODELS_MAX = 1_000
/** Currencies of one catalog, and exchange rates that it carries: two months of days for each. */
export const CURRENCIES_MAX = 40
export const EXCHANGE_RATES_PER_CATALOG_MAX = 3_000
/** Customers that a simulation lists: those whose bill changes most. */
export const SIMULATED_CUSTOMERS_KEPT = 1_000
/** Results of simulations that a control plane remembers. */
export const SIMULATIONS_KEPT = 20
/** Letters of an id, name or model name in the catalog: they become labels, keys and invoice lines. */
export const CATALOG_ID_LENGTH_MAX = 64
export const CATALOG_NAME_LENGTH_MAX = 200
/** Dimensions that a meter's usage is broken down by, beside those that all have: each combination of values is a row of the rollup. */
export const METER_DIMENSIONS_MAX = 8
/** Known values of one dimension, for one customer and meter; further ones are counted together as `(other)`, and the operator is told. */
export const DIMENSION_VALUES_MAX = 10_000
/** Distinct values of one hour that a report counts exactly; past it a sketch of this many hashes estimates, to 1.6 %. */
export const DISTINCT_HASHES_MAX = 4_096
/** Nodes and nesting of a meter's expression: it is evaluated for each event, also before a request runs. */
export const EXPRESSION_NODES_MAX = 100
export const EXPRESSION_DEPTH_MAX = 16
/** Letters of it. */
export const EXPRESSION_LENGTH_MAX = 1_000
/** Lines and bytes of one streamed body of events: an hour's backlog goes in one call, a mistake does not run for days. */
export const EVENT_LINES_MAX = 1_000_000
export const EVENT_STREAM_BYTES_MAX = 1024 * 1024 * 1024
/** Events of a streamed body that are settled at a time. */
export const EVENT_STREAM_CHUNK = 1_000
/** How often a streamed body, whose sender cannot be told 429 in the middle, asks a full queue again, and how long it waits between. */
export const EVENT_STREAM_RETRIES_MAX = 60
export const EVENT_STREAM_RETRY_MS = 500
/** How long the totals of minutes are kept beside those of hours. */
export const MINUTE_ROLLUPS_MS = 48 * 3_600_000
/** Groups of one page of a top-N answer. */
export const USAGE_TOP_MAX = 1_000
/** Dimensions that one report is grouped by. */
export const USAGE_GROUPS_MAX = 6
/** Events of one run that its report adds up. */
export const RUN_EVENTS_MAX = 100_000
/** Failed sign-ins of one address in a minute: a person mistypes, a guesser of 256-bit keys gets nowhere and fills no log. */
export const SIGN_IN_FAILURES_PER_MINUTE_MAX = 10
/** Addresses whose failures are remembered. */
export const SIGN_IN_ADDRESSES_MAX = 10_000
/** Periods that one looks back for what an allowance carried over: a year of months. What is older has been carried or is gone. */
export const ROLLOVER_PERIODS_MAX = 12
/** Newest events that a page across all customers looks at: more would make a glance as dear as a report. */
export const INSIGHT_EVENTS_MAX = 50_000
/** Budgets of one template that a node or the settlement keeps compiled; beyond it they are compiled anew. */
export const INSTANCES_INDEXED_MAX = 200_000
/** Slices that a node keeps for one customer; above it those that hold nothing are given back. */
export const SLICES_PER_CUSTOMER_MAX = 150_000
/** Budget rules of one customer: each travels in its snapshot. */
export const RULES_PER_CUSTOMER_MAX = 10_000
/** Depth of the tree of entities: a path is walked for each request. */
export const ENTITY_DEPTH_MAX = 16
/** Attributes whose values have a budget each: their ids must fit a key of the database. */
export const PER_ATTRIBUTES_MAX = 3
/** Values of one condition, attributes of one rule, and thresholds of one budget. */
export const CONDITION_VALUES_MAX = 200
export const RULE_ATTRIBUTES_MAX = 8
export const THRESHOLDS_MAX = 10
/** Longest wait that a refused rate names: a client must not sleep through the end of an outage. */
export const RETRY_AFTER_SECONDS_MAX = 60
/** Past events that a new meter counts in one transaction: it holds the lock of their customer. */
export const BACKFILL_CHUNK = 2_000
/** Hours of a level that are added up in one go, for one customer and meter. */
export const LEVEL_HOURS_MAX = 31 * 24
/** Running totals in one message of a settlement; a customer with more prices reads them in its usage. */
export const TOTALS_TOLD_MAX = 50
/** Facts about the subscriptions of one customer: a busy one has a few a month, and all are folded at each change. */
export const SUBSCRIPTION_FACTS_MAX = 10_000
/** Subscriptions brought to the present in one turn of the job: a turn stays under a second, the next follows at once. */
export const SUBSCRIPTIONS_DUE_MAX = 200
/** Grants of one customer, past ones included: all are looked at whenever its snapshot is compiled. */
export const GRANTS_PER_CUSTOMER_MAX = 500
/** Customers on one test clock: an advance brings each forward before it answers. */
export const TEST_CLOCK_CUSTOMERS_MAX = 100
/** Largest message of a billing provider that is taken: the largest of theirs is a tenth of it. */
export const PROVIDER_MESSAGE_BYTES_MAX = 1024 * 1024
/** Messages of providers that one turn of the job processes; the next turn follows at once while there are more. */
export const PROVIDER_MESSAGES_BATCH = 200
/** How often a message is tried again after an error before somebody must look at it. */
export const PROVIDER_ATTEMPTS_MAX = 10
/** Deadline of a call to a provider's API; nobody waits for it but a job or an operator. */
export const PROVIDER_TIMEOUT_MS = 20_000
/** Largest answer of a provider's API. */
export const PROVIDER_BODY_BYTES_MAX = 16 * 1024 * 1024
/** Subscriptions on a page of a provider's list, and pages of one re-sync. */
export const PROVIDER_PAGE_SIZE = 100
export const PROVIDER_PAGES_MAX = 2_000
/** Differences that one re-sync report lists; more are counted. */
export const DRIFT_LISTED_MAX = 1_000
/** Checks in one call: each is microseconds, and the answers stay small. */
export const CHECKS_PER_REQUEST_MAX = 100
/** Days of journal entries in one export: a leap year, which a finance person may want in one file. */
export const JOURNAL_DAYS_MAX = 366
/** Thresholds of a kind in the notices of one wallet, and the longest lead time before credits end: each is looked at every few seconds. */
export const NOTICE_THRESHOLDS_MAX = 10
export const NOTICE_DAYS_MAX = 120
/** A decision asks each wallet of a request's features: more sets of features than anybody sells, and few enough to ask. */
export const WALLETS_PER_CUSTOMER_MAX = 16
/** Their ids make the id of the wallet's budget, which is on every lease. */
export const FEATURES_PER_WALLET_MAX = 20
/** Days that a tax service's answer holds at most, whatever it says: rates change, and it is told of them by nobody. */
export const TAX_ANSWER_DAYS_MAX = 31
/** Codes of one batch: they are answered at once, and hashed and written in one transaction. */
export const CODES_PER_BATCH_MAX = 10_000
/** Codes that are not known which one customer may try in an hour: a person mistypes, a guesser of 80 bits gets nowhere and one of short words of yours is stopped. */
export const CODE_FAILURES_PER_HOUR_MAX = 20
/** Rows of one part of an export: some tens of megabytes in the memory of the server, and a row group that readers like. */
export const EXPORT_PART_ROWS_MAX = 50_000
/** Customers of one page of a FOCUS export: their days are summed together. */
export const FOCUS_CUSTOMERS_PER_PAGE = 25
/** Days of one margin report, and groups that it holds: a year by day, or a hundred thousand customers in one span. */
export const MARGIN_DAYS_MAX = 366
export const MARGIN_GROUPS_MAX = 200_000
/** Subjects that one day tells of a margin below the target: those that lose most; more would be read by nobody. */
export const MARGIN_ALERTS_PER_DAY_MAX = 100
/** Days of one dispute file, and events of a customer that its statement writes again: beyond it the statement has the ledger alone. */
export const DISPUTE_DAYS_MAX = 366
export const DISPUTE_STATEMENT_EVENTS_MAX = 1_000_000
/** People of one customer who are told by mail. */
export const ALERT_RECIPIENTS_MAX = 20
/** Shares of one person, as many as a budget may name. */
export const ALERT_SHARES_MAX = 10
/** Questions whether an address wants mail, a day: of one customer, and to one address whoever asks. Nobody is mailed by strangers more often than that. */
export const ALERT_ASKS_PER_DAY_MAX = 30
export const ALERT_ASKS_PER_ADDRESS_MAX = 3
/** Mails to one person in a day: a cap that is set anew in a loop fills no mailbox. */
export const MAILS_PER_RECIPIENT_DAY_MAX = 100
/** How long the link of a question works. */
export const ALERT_LINK_MS = 7 * 86_400_000
/** Mails under way at once, and how long a mail server may take with one. */
export const MAILS_AT_ONCE_MAX = 8
export const MAIL_TIMEOUT_MS = 20_000
