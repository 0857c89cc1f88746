//! History from elsewhere, told in Docket's events.
