//! Operations on runs and what they log.

use std::collections::HashSet;

use ferroflow_model::limits::{BATCH_ENTITIES, BATCH_METRICS, BATCH_PARAMS, BATCH_TAGS};
use ferroflow_model::runs::{LogBatch, NewRun, Run, SearchRuns, UpdateRun};
use ferroflow_model::{
    Error, ExperimentId, MissingTag, Page, PageRequest, Param, Resource, Result, RunId, Tag,
    TagChanges,
};

use crate::call::{Answer, Call};
use crate::error::{BAD_REQUEST, Failure};
use crate::json::Json;
use crate::metrics::new_metric;
use crate::routes::{GET, POST, Routes};
use crate::validate::{self, Place};
use crate::wire::runs as wire;
use crate::wire::runs::{
    CreateRun, DeleteTag, GetRun, LogParam, OneRun, RunById, RunPage, RunView, SetTag, UpdatedRun,
};
use crate::wire::tags::{KeyValue, views};

/// The most runs on one page, and how many there are when a client does not say.
const MAX_PAGE: usize = 50_000;
const DEFAULT_PAGE: i64 = 1000;

/// The routes of runs.
pub(crate) fn declare(routes: &mut Routes) {
    let mut group = routes.group(Resource::Runs);
    group.write(POST, "runs/create", "createRun", create);
    group.read(GET, "runs/get", "getRun", get);
    group.write(POST, "runs/update", "updateRun", update);
    group.delete(POST, "runs/delete", "deleteRun", delete);
    group.delete(POST, "runs/restore", "restoreRun", restore);
    group.read(POST, "runs/search", "searchRuns", search);
    group.write(POST, "runs/log-parameter", "logParam", log_param);
    group.write(POST, "runs/log-batch", "logBatch", log_batch);
    group.write(POST, "runs/set-tag", "setTag", set_tag);
    group.write(POST, "runs/delete-tag", "deleteTag", delete_tag);
}

/// The run that a request names by either of its two fields.
pub(crate) fn run_id(run_id: Option<String>, run_uuid: Option<String>) -> RunId {
    let named = run_id.filter(|text| !text.is_empty());
    RunId::new(named.or(run_uuid).unwrap_or_default())
}

/// `POST runs/create`
pub(crate) async fn create(call: Call<CreateRun>) -> Answer {
    let new = new_run(call.message)?;
    let run = call.service.create_run(&call.context, new).await?;
    Ok(Json::of(&OneRun {
        run: RunView::from(&run).without_outputs(),
    })?)
}

fn new_run(wire: CreateRun) -> Answer<NewRun> {
    let experiment_id = wire.experiment_id.filter(|text| !text.is_empty());
    let experiment_id = experiment_id
        .map(|text| ExperimentId::parse(&text))
        .transpose()?;
    let tags: Vec<Tag> = wire.tags.into_iter().map(Tag::from).collect();
    check_tags_differ(&tags, "a run")?;
    Ok(NewRun {
        experiment_id,
        name: wire.run_name.filter(|text| !text.is_empty()),
        user_id: wire.user_id.unwrap_or_default(),
        start_ms: wire.start_time,
        tags,
    })
}

/// Checks that no tag of something new comes twice.
pub(crate) fn check_tags_differ(tags: &[Tag], owner: &str) -> Answer<()> {
    match repeated(tags.iter().map(|tag| tag.key.as_str())) {
        None => Ok(()),
        Some(key) => Err(Failure::new(
            BAD_REQUEST,
            format!("Duplicate tag key '{key}': {owner} has one value per tag."),
        )),
    }
}

/// The first key that comes a second time.
pub(crate) fn repeated<'a>(keys: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = HashSet::new();
    keys.into_iter().find(|key| !seen.insert(*key))
}

/// `GET runs/get`
pub(crate) async fn get(call: Call<GetRun>) -> Answer {
    let run_id = run_id(call.message.run_id, call.message.run_uuid);
    let run: Run = call.service.get_run(&call.context, &run_id).await?;
    Ok(Json::of(&OneRun { run: (&run).into() })?)
}

/// `POST runs/update`
pub(crate) async fn update(call: Call<wire::UpdateRun>) -> Answer {
    let update = UpdateRun {
        run_id: run_id(call.message.run_id, call.message.run_uuid),
        status: call.message.status,
        end_ms: call.message.end_time,
        name: call.message.run_name.filter(|text| !text.is_empty()),
    };
    let info = call.service.update_run(&call.context, update).await?;
    Ok(Json::of(&UpdatedRun {
        run_info: (&info).into(),
    })?)
}

/// `POST runs/delete`
pub(crate) async fn delete(call: Call<RunById>) -> Answer {
    let run_id = run_id(call.message.run_id, None);
    let deleted = call.service.delete_run(&call.context, &run_id, false);
    deleted.await?;
    Ok(Json::empty())
}

/// `POST runs/restore`
pub(crate) async fn restore(call: Call<RunById>) -> Answer {
    let run_id = run_id(call.message.run_id, None);
    call.service.restore_run(&call.context, &run_id).await?;
    Ok(Json::empty())
}

/// `POST runs/search`
pub(crate) async fn search(call: Call<wire::SearchRuns>) -> Answer {
    let search = search_runs(call.message)?;
    let page = call.service.search_runs(&call.context, search).await?;
    let Page {
        items,
        next_page_token,
    } = page;
    Ok(Json::of(&RunPage {
        runs: views(&items),
        next_page_token: next_page_token.as_deref(),
    })?)
}

fn search_runs(wire: wire::SearchRuns) -> Result<SearchRuns> {
    let max_results = wire.max_results.unwrap_or(DEFAULT_PAGE);
    let ids = wire.experiment_ids.iter();
    Ok(SearchRuns {
        page: PageRequest {
            max_results: validate::max_results(max_results, MAX_PAGE)?,
            page_token: wire.page_token.filter(|text| !text.is_empty()),
        },
        experiment_ids: ids
            .map(|id| ExperimentId::parse(id))
            .collect::<Result<_>>()?,
        filter: wire.filter.filter(|text| !text.is_empty()),
        order_by: wire.order_by,
        view: wire.run_view_type.unwrap_or_default(),
    })
}

/// `POST runs/log-parameter`
pub(crate) async fn log_param(call: Call<LogParam>) -> Answer {
    let param = Param {
        key: call.message.key.unwrap_or_default(),
        value: call.message.value.unwrap_or_default(),
    };
    let may_cut = call.options.truncate_long_values;
    let param = validate::param(Place::Top, param, may_cut)?;
    let run_id = run_id(call.message.run_id, call.message.run_uuid);
    call.service.log_param(&call.context, run_id, param).await?;
    Ok(Json::empty())
}

/// `POST runs/set-tag`
pub(crate) async fn set_tag(call: Call<SetTag>) -> Answer {
    let tag = Tag {
        key: call.message.key.unwrap_or_default(),
        value: call.message.value.unwrap_or_default(),
    };
    let tag = validate::run_tag(Place::Top, tag, call.options.truncate_long_values)?;
    let run_id = run_id(call.message.run_id, call.message.run_uuid);
    let changes = TagChanges::set_all(vec![tag]);
    let tagged = call.service.tag_run(&call.context, &run_id, changes);
    tagged.await?;
    Ok(Json::empty())
}

/// `POST runs/delete-tag`
pub(crate) async fn delete_tag(call: Call<DeleteTag>) -> Answer {
    let run_id = run_id(call.message.run_id, None);
    let key = call.message.key.unwrap_or_default();
    let changes = TagChanges::delete(key, MissingTag::Refuse);
    let tagged = call.service.tag_run(&call.context, &run_id, changes);
    tagged.await?;
    Ok(Json::empty())
}

/// `POST runs/log-batch`
pub(crate) async fn log_batch(call: Call<wire::LogBatch>) -> Answer {
    let batch = batch(call.message, call.options.truncate_long_values)?;
    call.service.log_batch(&call.context, batch).await?;
    Ok(Json::empty())
}

fn batch(wire: wire::LogBatch, may_cut: bool) -> Result<LogBatch> {
    let run_id = validate::run_id_of_form(wire.run_id.unwrap_or_default())?;
    let metrics = wire.metrics.into_iter().enumerate();
    let params = wire.params.into_iter().enumerate();
    let tags = wire.tags.into_iter().enumerate();
    let to_param = |(index, wire): (usize, KeyValue)| {
        validate::param(Place::In("params", index), wire.into(), may_cut)
    };
    let to_tag = |(index, wire): (usize, KeyValue)| {
        validate::run_tag(Place::In("tags", index), wire.into(), may_cut)
    };
    let batch = LogBatch {
        run_id,
        metrics: metrics
            .map(|(index, wire)| new_metric(Place::In("metrics", index), wire))
            .collect::<Result<_>>()?,
        params: params.map(to_param).collect::<Result<_>>()?,
        tags: tags.map(to_tag).collect::<Result<_>>()?,
    };
    check_batch_sizes(&batch)?;
    check_param_keys(&batch.params)?;
    Ok(batch)
}

fn check_batch_sizes(batch: &LogBatch) -> Result<()> {
    let (metrics, params, tags) = (batch.metrics.len(), batch.params.len(), batch.tags.len());
    let all = metrics + params + tags;
    for (what, limit, count) in [
        ("metrics", BATCH_METRICS, metrics),
        ("params", BATCH_PARAMS, params),
        ("tags", BATCH_TAGS, tags),
        ("metrics, params, and tags", BATCH_ENTITIES, all),
    ] {
        if count > limit {
            return Err(Error::invalid(format!(
                "A batch logging request can contain at most {limit} {what}. Got {count} {what}. \
                 Please split up {what} across multiple requests and try again."
            )));
        }
    }
    Ok(())
}

fn check_param_keys(params: &[Param]) -> Result<()> {
    match repeated(params.iter().map(|param| param.key.as_str())) {
        None => Ok(()),
        Some(key) => Err(Error::invalid(format!(
            "Duplicate parameter keys have been submitted: ['{key}']. Please ensure the request \
             contains only one param value per param key."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::from_body;

    fn parse(body: &str) -> Result<LogBatch> {
        batch(from_body(body.as_bytes())?, true)
    }

    fn message(body: &str) -> String {
        parse(body).map_err(|error| error.to_string()).unwrap_err()
    }

    fn entities(list: &str, count: usize) -> String {
        let item = |index| match list {
            "metrics" => format!(r#"{{"key":"k{index}","value":1,"timestamp":1}}"#),
            _ => format!(r#"{{"key":"k{index}","value":"v"}}"#),
        };
        let items: Vec<String> = (0..count).map(item).collect();
        format!(r#""{list}":[{}]"#, items.join(","))
    }

    #[test]
    fn a_batch_is_parsed_whole() {
        let batch = parse(
            r#"{"run_id":"r1","metrics":[{"key":"m","value":"NaN","timestamp":"5","step":-3}],
                "params":[{"key":"p","value":"1"}],"tags":[{"key":"t"}]}"#,
        );
        let batch = batch.unwrap();
        let metric = &batch.metrics[0].metric;
        assert!(metric.value.is_nan());
        assert_eq!((metric.timestamp_ms, metric.step), (5, -3));
        assert_eq!(batch.params[0].value, "1");
        assert_eq!(batch.tags[0].value, "");
    }

    #[test]
    fn batches_have_sizes() {
        for (list, limit) in [("metrics", 1000), ("params", 100), ("tags", 100)] {
            let body = |count| format!(r#"{{"run_id":"r",{}}}"#, entities(list, count));
            assert!(parse(&body(limit)).is_ok(), "{list}");
            let expected = format!("at most {limit} {list}. Got {} {list}.", limit + 1);
            assert!(message(&body(limit + 1)).contains(&expected));
        }
        let both = format!(
            r#"{{"run_id":"r",{},{}}}"#,
            entities("metrics", 1000),
            entities("tags", 1)
        );
        assert!(message(&both).contains("at most 1000 metrics, params, and tags. Got 1001"));
    }

    #[test]
    fn errors_name_the_place() {
        for (body, expected) in [
            (
                r#"{"metrics":[]}"#,
                "Missing value for required parameter 'run_id'.",
            ),
            (
                r#"{"run_id":"-"}"#,
                "Invalid value \"-\" for parameter 'run_id' supplied.",
            ),
            (
                r#"{"run_id":"r","metrics":[{"key":"a","value":1}]}"#,
                "Missing value for required parameter 'metrics[0].timestamp'.",
            ),
            (
                r#"{"run_id":"r","params":[{"key":"a"},{"value":"b"}]}"#,
                "Missing value for required parameter 'params[1].key'.",
            ),
            (
                r#"{"run_id":"r","metrics":[{"key":"a?","value":1,"timestamp":1}]}"#,
                "for parameter 'metrics[0].name' supplied",
            ),
            (
                r#"{"run_id":"r","metrics":[{"key":"a","value":1,"timestamp":-1}]}"#,
                "Invalid value -1 for parameter 'metrics[0].timestamp' supplied",
            ),
            (
                r#"{"run_id":"r","params":[{"key":"a"},{"key":"a"}]}"#,
                "Duplicate parameter keys have been submitted: ['a']",
            ),
        ] {
            let message = message(body);
            assert!(message.contains(expected), "{body}: {message}");
        }
    }
}
