CREATE OR REPLACE VIEW read.tickets WITH (security_invoker = true) AS
SELECT id, tenant_id, number, subject, description, status, status_category, priority, priority_rank,
       category, request_type, source, agent, team, organization, assigned_organization,
       routed_organization, routing, requester_id, requester_name, requester_email,
       requester_organization, tags, custom_fields, rating, rating_comment, resolution_notes,
       reopen_count, escalation_level, escalated_to_role, escalated_to_agent, escalated_to_team, public_messages,
       internal_messages, created_at, updated_at, internal_updated_at, first_responded_at,
       resolved_at, closed_at, last_customer_message_at, last_agent_message_at, spam, deleted,
       version, position, public_version, public_position
FROM tickets;
GRANT SELECT ON read.tickets TO docket_query;
