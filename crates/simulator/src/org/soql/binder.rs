//! Binds a query to the schema as its user sees it: every name is known to exist, every value is of
//! the right type. `select`, `condition` and `grouping` bind the parts of it.

use super::ast::{Condition, Expression, Operator, OrderKey, Query, SelectItem};
use super::date_part::DatePart;
use super::error::SoqlError;
use super::filter::{BindLeft, Bound, Test, ValueSet};
use super::path::{BoundPath, Scope};
use super::plan::{BoundKey, Column, Grouping, Plan, aggregate_kind};
use super::run::{Found, run};
use crate::org::Call;
use crate::org::schema::{FieldKind, ObjectDef, Schema};
use crate::org::state::State;
use crate::org::value::Value;
use crate::org::view::View;

/// Rows that OFFSET may skip.
const OFFSET_MAX: u64 = 2_000;

/// Binds the parts of one query (a subquery has its own).
pub(super) struct Binder<'a> {
    pub state: &'a State,
    pub call: &'a Call,
    pub view: View<'a>,
    pub object: &'a ObjectDef,
    pub alias: Option<&'a str>,
    pub now_ms: i64,
    pub user_zone: String,
    pub include_deleted: bool,
}

/// Binds a query over an object that the user may read.
pub(crate) fn prepare(
    state: &State,
    call: &Call,
    query: &Query,
    (now_ms, include_deleted): (i64, bool),
) -> Result<Plan, SoqlError> {
    let object = state.visible_object(&call.user, &query.from);
    let object = object.map_err(|_| SoqlError::no_such_object(query.from_at.0, &query.from))?;
    let zone = state
        .store
        .locate(&call.user)
        .map(|(o, s)| state.store.read_named(o, s, "TimeZoneSidKey"));
    let zone = zone.and_then(|z| z.as_str().map(str::to_owned));
    let binder = Binder {
        state,
        call,
        view: state.view(&call.user),
        object,
        alias: query.alias.as_deref(),
        now_ms,
        user_zone: zone.unwrap_or_else(|| "UTC".to_owned()),
        include_deleted,
    };
    binder.plan(query)
}

impl<'a> Binder<'a> {
    /// A binder for a subquery over another object.
    pub(super) fn over<'b>(&self, object: &'b ObjectDef, query: &'b Query) -> Binder<'b>
    where
        'a: 'b,
    {
        Binder {
            object,
            alias: query.alias.as_deref(),
            user_zone: self.user_zone.clone(),
            ..*self
        }
    }

    pub(super) fn schema(&self) -> &'a Schema {
        &self.state.store.schema
    }

    pub(super) fn scope(&self) -> Scope<'_> {
        Scope {
            schema: self.schema(),
            view: self.view,
            object: self.object,
            alias: self.alias,
        }
    }

    pub(super) fn plan(&self, query: &Query) -> Result<Plan, SoqlError> {
        let limit = query
            .limit
            .map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let offset = query.offset.unwrap_or(0);
        if offset > OFFSET_MAX {
            let text = format!("Maximum SOQL offset allowed is {OFFSET_MAX}");
            return Err(SoqlError::whole("NUMBER_OUTSIDE_VALID_RANGE", text));
        }
        let count_only = matches!(query.select.as_slice(), [SelectItem::Count]);
        let mut grouping = self.grouping(query)?;
        let columns = match &mut grouping {
            _ if count_only => Vec::new(),
            Some(grouping) => self.grouped_columns(query, grouping)?,
            None => self.columns(query)?,
        };
        if let Some(having) = &query.having {
            let Some(grouping) = grouping.as_mut() else {
                return Err(SoqlError::whole("MALFORMED_QUERY", "HAVING needs GROUP BY"));
            };
            let test = self.test(having, &mut |e| self.grouped(e, grouping))?;
            grouping.having = Some(test);
        }
        let order = query
            .order_by
            .iter()
            .map(|key| self.order_key(key, &mut grouping));
        let order = order.collect::<Result<Vec<_>, _>>()?;
        Ok(Plan {
            object: self.object.index,
            columns,
            filter: self.filter(query)?,
            order,
            limit,
            offset: offset as usize,
            grouping,
            count_only,
            include_deleted: self.include_deleted,
        })
    }

    fn filter(&self, query: &Query) -> Result<Option<Test>, SoqlError> {
        let left: &mut BindLeft<'_> = &mut |e| self.plain(e);
        let written = query
            .filter
            .as_ref()
            .map(|c: &Condition| self.test(c, left));
        let mut tests: Vec<Test> = written.transpose()?.into_iter().collect();
        let mine = query
            .scope
            .as_ref()
            .is_some_and(|s| s.eq_ignore_ascii_case("mine"));
        if let (true, Some(owner)) = (mine, self.object.field("OwnerId")) {
            let owner = Bound::Field(BoundPath::own(self.object, owner));
            tests.push(Test::Compare(
                owner,
                Operator::Equal,
                Value::Id(self.call.user),
            ));
        }
        if let (Some(seen), Some(id)) = (
            self.state.seen_only(&self.call.user, self.object.index),
            self.object.field("Id"),
        ) {
            let mut set = ValueSet::default();
            seen.into_iter().for_each(|id| set.add(Value::Id(id)));
            tests.push(Test::In(Bound::Field(BoundPath::own(self.object, id)), set));
        }
        Ok(match tests.len() {
            0 | 1 => tests.pop(),
            _ => Some(Test::And(tests)),
        })
    }

    /// A field or a date part outside of grouped queries.
    pub(super) fn plain(&self, expression: &Expression) -> Result<Bound, SoqlError> {
        match expression {
            Expression::Field(path) => self.scope().bind(path).map(Bound::Field),
            Expression::Call { function, argument } => {
                let path = self.scope().bind(argument)?;
                if ["toLabel", "format"]
                    .iter()
                    .any(|f| f.eq_ignore_ascii_case(function))
                {
                    return Ok(Bound::Field(path));
                }
                if aggregate_kind(function).is_some() {
                    let text =
                        "Aggregate functions can only be used in SELECT, HAVING and ORDER BY";
                    return Err(SoqlError::at("MALFORMED_QUERY", argument.at.0, text));
                }
                let part = DatePart::named(function)
                    .ok_or_else(|| SoqlError::unexpected(argument.at.0, function))?;
                match path.kind {
                    FieldKind::Date | FieldKind::DateTime => Ok(Bound::DatePart(part, path)),
                    _ => {
                        let text = format!("{function} needs a date or a dateTime field");
                        Err(SoqlError::at("INVALID_FIELD", argument.at.0, text))
                    }
                }
            }
        }
    }

    fn order_key(
        &self,
        key: &OrderKey,
        grouping: &mut Option<Grouping>,
    ) -> Result<BoundKey, SoqlError> {
        let bound = match grouping {
            Some(grouping) => self.grouped(&key.expression, grouping)?,
            None => self.plain(&key.expression)?,
        };
        if let Bound::Field(path) = &bound
            && let Some(field) = path.field(self.schema())
            && !field.sortable
        {
            let text = format!("field '{}' can not be sorted in a query call", field.name);
            return Err(SoqlError::at(
                "INVALID_FIELD",
                key.expression.path().at.0,
                text,
            ));
        }
        Ok(BoundKey {
            bound,
            descending: key.descending,
            nulls_first: key.nulls_first.unwrap_or(true),
        })
    }

    /// Runs the inner query of a semi-join and collects the ids that it found.
    pub(super) fn inner_values(&self, query: &Query) -> Result<ValueSet, SoqlError> {
        let object = self.state.visible_object(&self.call.user, &query.from);
        let object = object.map_err(|_| SoqlError::no_such_object(query.from_at.0, &query.from))?;
        let plan = self.over(object, query).plan(query)?;
        let [Column::Field(path)] = plan.columns.as_slice() else {
            let text = "The inner query of a semi-join must select exactly one field";
            return Err(SoqlError::at("MALFORMED_QUERY", query.from_at.0, text));
        };
        if !path.kind.is_id() {
            let text = "The inner query of a semi-join must select an id or a reference field";
            return Err(SoqlError::at("MALFORMED_QUERY", query.from_at.0, text));
        }
        let mut set = ValueSet::default();
        if let Found::Slots(slots) = run(&self.state.store, &plan) {
            let read = |slot| path.read(&self.state.store, plan.object, slot);
            slots
                .into_iter()
                .map(read)
                .filter(|v| !v.is_null())
                .for_each(|v| set.add(v));
        }
        Ok(set)
    }
}
