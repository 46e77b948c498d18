import type {
  ActionListResponse,
  BulkResult,
  OperatorAction,
  UndoResponse,
} from '@timer-platform/callback-types';
import { isObject, type JsonObject } from './json-object.ts';

/** A page of the audit log. */
export type ActionPage = ActionListResponse['data'];

/** What an undo has done. */
export type UndoResult = UndoResponse['data'];

function hasNumbers(data: JsonObject, ...names: string[]): boolean {
  return names.every((name) => typeof data[name] === 'number');
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

export function isBulkResult(data: unknown): data is BulkResult {
  if (!isObject(data) || !hasNumbers(data, 'matched', 'changed', 'skipped')) return false;
  return typeof data['more'] === 'boolean' && isTextOrNull(data['cursor']) && isTextOrNull(data['action_id']);
}

function isAction(data: unknown): data is OperatorAction {
  return isObject(data) && typeof data['id'] === 'string' && typeof data['action'] === 'string';
}

export function isActionPage(data: unknown): data is ActionPage {
  if (!isObject(data)) return false;
  const { actions } = data;
  return Array.isArray(actions) && actions.every(isAction) && isTextOrNull(data['next_cursor']);
}

export function isUndoResult(data: unknown): data is UndoResult {
  return isObject(data) && hasNumbers(data, 'restored', 'skipped') && typeof data['more'] === 'boolean';
}
