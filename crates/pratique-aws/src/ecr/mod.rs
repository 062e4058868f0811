//! Amazon ECR.

#[allow(dead_code, reason = "DescribeImageScanFindings calls it")]
pub(crate) mod enhanced;
