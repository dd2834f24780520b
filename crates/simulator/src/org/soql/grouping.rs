//! GROUP BY and the functions over groups, bound to the schema.

use super::ast::{Expression, Query, SelectItem};
use super::binder::Binder;
use super::error::SoqlError;
use super::filter::Bound;
use super::plan::{Aggregate, Column, Function, Grouping, aggregate_kind};

impl Binder<'_> {
    pub(super) fn grouping(&self, query: &Query) -> Result<Option<Grouping>, SoqlError> {
        let aggregated = query.select.iter().any(|item| match item {
            SelectItem::Value {
                expression: Expression::Call { function, .. },
                ..
            } => aggregate_kind(function).is_some(),
            _ => false,
        });
        if !aggregated && query.group_by.is_empty() {
            return Ok(None);
        }
        if query.group_by.is_empty() && query.limit.is_some() {
            let text =
                "Non-grouped query that uses overall aggregate functions cannot also use LIMIT";
            return Err(SoqlError::whole("MALFORMED_QUERY", text));
        }
        let mut grouping = Grouping {
            names: Vec::new(),
            keys: Vec::new(),
            aggregates: Vec::new(),
            having: None,
        };
        for expression in &query.group_by {
            let bound = self.plain(expression)?;
            if let Bound::Field(path) = &bound
                && path.field(self.schema()).is_some_and(|f| !f.groupable)
            {
                let text = format!("field '{}' can not be grouped in a query call", path.shown);
                return Err(SoqlError::at("INVALID_FIELD", expression.path().at.0, text));
            }
            grouping.names.push(expression.to_string());
            grouping.keys.push(bound);
        }
        Ok(Some(grouping))
    }

    pub(super) fn grouped_columns(
        &self,
        query: &Query,
        grouping: &mut Grouping,
    ) -> Result<Vec<Column>, SoqlError> {
        let mut unnamed = 0;
        let mut columns = Vec::with_capacity(query.select.len());
        for item in &query.select {
            let SelectItem::Value { expression, alias } = item else {
                let text = "Only fields and aggregate functions can be selected in a grouped query";
                return Err(SoqlError::at("MALFORMED_QUERY", query.from_at.0, text));
            };
            let bound = self.grouped(expression, grouping)?;
            let Bound::Computed(index, kind) = bound else {
                continue;
            };
            let own_name = match (expression, grouping.keys.get(index)) {
                (Expression::Field(_), Some(Bound::Field(path))) => {
                    path.shown.rsplit('.').next().map(str::to_owned)
                }
                _ => None,
            };
            let name = alias.clone().or(own_name).unwrap_or_else(|| {
                unnamed += 1;
                format!("expr{}", unnamed - 1)
            });
            columns.push(Column::Computed(name, index, kind));
        }
        Ok(columns)
    }

    /// A group key, or an aggregate that is worked out from now on.
    pub(super) fn grouped(
        &self,
        expression: &Expression,
        grouping: &mut Grouping,
    ) -> Result<Bound, SoqlError> {
        let text = expression.to_string();
        let key = grouping
            .names
            .iter()
            .position(|n| n.eq_ignore_ascii_case(&text));
        if let Some(index) = key {
            return Ok(Bound::Computed(index, grouping.keys[index].kind()));
        }
        let Expression::Call { function, argument } = expression else {
            let text = format!("Field must be grouped or aggregated: {}", expression.path());
            return Err(SoqlError::at(
                "MALFORMED_QUERY",
                expression.path().at.0,
                text,
            ));
        };
        let at = argument.at.0;
        let kind = aggregate_kind(function);
        let function_of = kind.ok_or_else(|| SoqlError::unexpected(at, function))?;
        let of = Bound::Field(self.scope().bind(argument)?);
        if !self.can_aggregate(&of, function_of) {
            let text = format!("field {argument} does not support aggregate operator {function}");
            return Err(SoqlError::at("MALFORMED_QUERY", at, text));
        }
        let aggregate = Aggregate {
            function: function_of,
            of,
        };
        let known = grouping.aggregates.iter().position(|a| *a == aggregate);
        let place = known.unwrap_or(grouping.aggregates.len());
        let result = aggregate.kind();
        if known.is_none() {
            grouping.aggregates.push(aggregate);
        }
        Ok(Bound::Computed(grouping.keys.len() + place, result))
    }

    fn can_aggregate(&self, of: &Bound, function: Function) -> bool {
        let number = of.kind().is_number();
        let allowed = match of {
            Bound::Field(path) => path.field(self.schema()).is_none_or(|f| f.aggregatable),
            _ => true,
        };
        match function {
            Function::Sum | Function::Avg => number,
            Function::Count | Function::CountDistinct => allowed || number,
            Function::Min | Function::Max => allowed,
        }
    }
}
