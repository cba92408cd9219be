-- What is told seldom, for lists across customers: alerts need no walk over every settlement and refusal.
create index outbox_rare on outbox (id) where type not in ('usage.settled', 'request.denied', 'request.observed');
