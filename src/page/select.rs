//! x
/// x
#[derive(Debug, Clone)]
pub struct Plan;
/// x
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct SelectError;
#[allow(missing_docs)]
impl Plan {
    pub fn parse(_: &[(String, String)]) -> Result<Plan, SelectError> {
        Ok(Plan)
    }
    pub fn merge(&self, _: &Plan) -> Plan {
        Plan
    }
}
