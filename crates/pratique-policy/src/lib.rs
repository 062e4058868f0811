//! Findings and rules to verdicts, with the reasons.
