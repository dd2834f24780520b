//! The SELECT list bound to the schema: plain and parent fields, child subqueries and TYPEOF.

use super::ast::{Query, SelectItem, TypeOf};
use super::binder::Binder;
use super::error::SoqlError;
use super::filter::Bound;
use super::path::{BoundPath, Scope, hop};
use super::plan::{BoundTypeOf, ChildColumn, Column, Plan};
use crate::org::schema::FieldDef;

/// Rows that a query with FIELDS(ALL) or FIELDS(CUSTOM) may ask for.
const FIELDS_LIMIT_MAX: u64 = 200;

impl<'a> Binder<'a> {
    /// The columns of a query without groups.
    pub(super) fn columns(&self, query: &Query) -> Result<Vec<Column>, SoqlError> {
        let mut columns = Vec::with_capacity(query.select.len());
        for item in &query.select {
            match item {
                SelectItem::Value { expression, alias } => {
                    let at = expression.path().at.0;
                    if alias.is_some() {
                        let text = "only aggregate expressions use field aliasing";
                        return Err(SoqlError::at("MALFORMED_QUERY", at, text));
                    }
                    match self.plain(expression)? {
                        Bound::Field(path) => columns.push(self.once(&columns, path, at)?),
                        _ => {
                            let text = "date functions can only be selected when grouped by";
                            return Err(SoqlError::at("MALFORMED_QUERY", at, text));
                        }
                    }
                }
                SelectItem::Fields(word, at) => {
                    for path in self.all_fields(word, query)? {
                        columns.push(self.once(&columns, path, at.0)?);
                    }
                }
                SelectItem::Children(inner) => columns.push(self.children(inner)?),
                SelectItem::TypeOf(type_of) => columns.push(self.type_of(type_of)?),
                SelectItem::Count => {
                    return Err(SoqlError::unexpected(query.from_at.0, "COUNT()"));
                }
            }
        }
        Ok(columns)
    }

    fn once(&self, columns: &[Column], path: BoundPath, at: usize) -> Result<Column, SoqlError> {
        let twice = columns
            .iter()
            .any(|c| matches!(c, Column::Field(p) if p.shown == path.shown));
        match twice {
            true => {
                let text = format!("duplicate field selected: {}", path.shown);
                Err(SoqlError::at("INVALID_FIELD", at, text))
            }
            false => Ok(Column::Field(path)),
        }
    }

    fn all_fields(&self, word: &str, query: &Query) -> Result<Vec<BoundPath>, SoqlError> {
        let limited = query.limit.is_some_and(|n| n <= FIELDS_LIMIT_MAX);
        if word != "STANDARD" && !limited {
            let text =
                format!("The SOQL FIELDS function must have a LIMIT of at most {FIELDS_LIMIT_MAX}");
            return Err(SoqlError::whole("MALFORMED_QUERY", text));
        }
        let wanted = |field: &FieldDef| match word {
            "STANDARD" => !field.is_custom(),
            "CUSTOM" => field.is_custom(),
            _ => true,
        };
        let fields = self.object.fields.iter();
        let fields = fields.filter(|f| wanted(f) && self.view.sees(self.object.index, f));
        Ok(fields.map(|f| BoundPath::own(self.object, f)).collect())
    }

    fn children(&self, query: &Query) -> Result<Column, SoqlError> {
        let relation = self.object.child(&query.from);
        let relation = relation
            .filter(|r| self.view.object(r.child).read)
            .ok_or_else(|| {
                let text = format!(
                    "Didn't understand relationship '{}' in FROM part of query call. If you are \
                 attempting to use a custom relationship, be sure to append the '__r' after the \
                 custom relationship name. Please reference your WSDL or the describe call for \
                 the appropriate names.",
                    query.from
                );
                SoqlError::at("INVALID_TYPE", query.from_at.0, text)
            })?;
        let plan = self.over_child(relation.child, query)?;
        Ok(Column::Children(ChildColumn {
            name: relation.name.clone().unwrap_or_default(),
            field: relation.field,
            plan: Box::new(plan),
        }))
    }

    fn over_child(&self, child: usize, query: &Query) -> Result<Plan, SoqlError> {
        let plan = self
            .over(&self.schema().objects[child], query)
            .plan(query)?;
        match plan.count_only || plan.grouping.is_some() {
            true => {
                let text = "Aggregate functions are not allowed in a child subquery";
                Err(SoqlError::at("MALFORMED_QUERY", query.from_at.0, text))
            }
            false => Ok(plan),
        }
    }

    fn type_of(&self, type_of: &TypeOf) -> Result<Column, SoqlError> {
        let at = type_of.at.0;
        let unknown = || SoqlError::no_such_relationship(at, &type_of.relationship);
        let lookup = self
            .object
            .lookup(&type_of.relationship)
            .ok_or_else(unknown)?;
        if lookup.targets.is_empty() || !self.view.sees(self.object.index, lookup) {
            return Err(unknown());
        }
        let hop = hop(self.object, lookup);
        let mut cases = Vec::with_capacity(type_of.cases.len());
        for (name, paths) in &type_of.cases {
            let object = self.schema().object(name);
            let object = object.filter(|o| self.view.object(o.index).read);
            let object = object.ok_or_else(|| SoqlError::no_such_object(at, name))?;
            let scope = Scope {
                object,
                alias: None,
                ..self.scope()
            };
            let paths = paths
                .iter()
                .map(|p| scope.bind(p))
                .collect::<Result<Vec<_>, _>>()?;
            cases.push((object.index, paths));
        }
        let otherwise = type_of.otherwise.iter().map(|path| {
            let mut full = path.clone();
            full.names.insert(0, type_of.relationship.clone());
            self.scope().bind(&full)
        });
        let otherwise = otherwise.collect::<Result<Vec<_>, _>>()?;
        Ok(Column::TypeOf(BoundTypeOf {
            hop,
            cases,
            otherwise,
        }))
    }
}
