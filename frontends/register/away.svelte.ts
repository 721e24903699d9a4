// Whose end was read, or is waited for while something else is taken. It is kept beside the pages, so
// that a reload knows it, and so does another tab of this browser at the same register.

export class PutAway {
  private id = $state('');
  private readonly kept: string;

  constructor(what: 'card' | 'link', register: string) {
    this.kept = `countertop.${what}_put_away.${register}`;
    this.id = localStorage.getItem(this.kept) ?? '';
    window.addEventListener('storage', (event) => {
      if (event.key === this.kept) this.id = event.newValue ?? '';
    });
  }

  get current(): string {
    return this.id;
  }

  put(id: string): void {
    this.id = id;
    localStorage.setItem(this.kept, id);
  }

  show(): void {
    this.id = '';
    localStorage.removeItem(this.kept);
  }
}
