-- What would have been refused of one customer, newest first: looked at before its limits are enforced.
create index outbox_observed on outbox (customer_id, id) where type = 'request.observed';
