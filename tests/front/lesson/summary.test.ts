import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Status } from '../../../classroom/learning/static_src/lesson/reporter.ts';
import { saveWords } from '../../../classroom/learning/static_src/lesson/save-state.ts';
import { sentence } from '../../../classroom/learning/static_src/lesson/summary.ts';
import type { Interval } from '../../../classroom/learning/static_src/lesson/api.ts';

const WORDS = {
  sum_whole: '共 {total}，没有缺失',
  sum_ahead: '共 {total}，前方还有 {ahead}',
  sum_gaps: '共 {total}，缺 {count} 处 {missing}',
  sum_gaps_ahead: '共 {total}，缺 {count} 处 {missing}，前方还有 {ahead}',
  save_ready: '播放后开始记录',
  save_saving: '正在保存',
  save_saved: '已保存 {time}',
  save_offline: '离线，已存于本机', save_offline_unkept: '离线，仅在本页打开期间保留',
  save_busy: '服务器繁忙，已存于本机', save_busy_unkept: '服务器繁忙，仅在本页打开期间保留',
  save_resending: '正在补传 {count} 条',
  save_signed_out: '没有保存：登录已过期',
  save_refused: '没有保存：{detail}',
};

const figures = (missing: Interval[], gaps: Interval[]) => ({ verified: [], missing, gaps, duration: 120_000 });

test('the sentence says what is missing and what is ahead, and nothing else', () => {
  assert.equal(sentence(figures([], []), WORDS), '共 02:00，没有缺失');
  assert.equal(sentence(figures([[60_000, 120_000]], []), WORDS), '共 02:00，前方还有 01:00');
  assert.equal(sentence(figures([[10_000, 14_000]], [[10_000, 14_000]]), WORDS), '共 02:00，缺 1 处 00:04');
  assert.equal(
    sentence(figures([[10_000, 14_000], [90_000, 120_000]], [[10_000, 14_000]]), WORDS),
    '共 02:00，缺 1 处 00:04，前方还有 00:30',
  );
});

test('each state of saving has its own words', () => {
  const status: Status = {
    state: 'ready', waiting: 3, savedAt: new Date(2026, 8, 18, 14, 32, 8).getTime(), since: null, detail: '讲次已结束',
    lasts: true,
  };
  const said = (state: Status['state']) => saveWords({ ...status, state }, WORDS);
  assert.equal(said('ready'), '播放后开始记录');
  assert.equal(said('saved'), '已保存 14:32:08');
  assert.equal(said('resending'), '正在补传 3 条');
  assert.equal(said('refused'), '没有保存：讲次已结束');
  assert.equal(said('offline'), '离线，已存于本机');
  assert.equal(said('busy'), '服务器繁忙，已存于本机');
  status.lasts = false;
  assert.equal(said('offline'), '离线，仅在本页打开期间保留');
  assert.equal(said('busy'), '服务器繁忙，仅在本页打开期间保留');
});
