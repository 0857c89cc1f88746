//! Subscription.
